/* Bookmarks: up to which record a log was read, in the XML that the system gives out and takes back. */
#include "stand_in.h"

#include <string.h>

/* Copies the value of an attribute, which stands in single or double quotes. */
static BOOL attribute(const WCHAR *xml, const WCHAR *name, WCHAR *value)
{
    const WCHAR *start = wcsstr(xml, name);
    if (!start)
        return FALSE;
    start += lstrlenW(name);
    if (start[0] != '=' || (start[1] != '\'' && start[1] != '"'))
        return FALSE;
    const WCHAR *end = wcschr(start + 2, start[1]);
    if (!end || end - start - 2 >= LONGEST_NAME)
        return FALSE;
    lstrcpynW(value, start + 2, (int)(end - start - 1));
    return TRUE;
}

/* https://learn.microsoft.com/windows/win32/api/winevt/nf-winevt-evtcreatebookmark */
EVT_HANDLE WINAPI EvtCreateBookmark(LPCWSTR xml)
{
    WCHAR channel[LONGEST_NAME] = L"", number[LONGEST_NAME] = L"";
    EVT_HANDLE handle = NULL;
    struct object *object;
    DWORD error = ERROR_SUCCESS;
    EnterCriticalSection(&lock);
    /* One of no record is a list without an entry. */
    if (xml && (!wcsstr(xml, L"<BookmarkList") ||
                (wcsstr(xml, L"<Bookmark ") && (!attribute(xml, L"Channel", channel) || !attribute(xml, L"RecordId", number)))))
        error = ERROR_INVALID_PARAMETER;
    if (!error) {
        handle = object_new(BOOKMARK, channel, &object);
        object->bookmark = _wcstoui64(number, NULL, 10);
    }
    LeaveCriticalSection(&lock);
    SetLastError(error);
    return handle;
}

/* https://learn.microsoft.com/windows/win32/api/winevt/nf-winevt-evtupdatebookmark */
BOOL WINAPI EvtUpdateBookmark(EVT_HANDLE bookmark_handle, EVT_HANDLE record_handle)
{
    EnterCriticalSection(&lock);
    struct object *bookmark = object_of(bookmark_handle, BOOKMARK, "EvtUpdateBookmark");
    struct object *record = bookmark ? object_of(record_handle, RECORD, "EvtUpdateBookmark") : NULL;
    if (record) {
        bookmark->bookmark = record->record.number;
        lstrcpyW(bookmark->channel, record->channel);
    }
    LeaveCriticalSection(&lock);
    return record != NULL;
}
