/* Records and bookmarks as XML. */
#include "stand_in.h"

#include <stdio.h>
#include <string.h>

static DWORD render(EVT_HANDLE context, EVT_HANDLE what, DWORD flags, DWORD size, PVOID buffer, PDWORD used,
                    PDWORD properties)
{
    WCHAR bookmark[LONGEST_NAME * 2];
    const WCHAR *text = bookmark;
    if (context || !used || !properties || (size && !buffer))
        return misuse("EvtRender", "the parameters");
    if (flags != EvtRenderEventXml && flags != EvtRenderBookmark)
        return misuse("EvtRender", "the flags");
    *used = *properties = 0;
    struct object *object = object_of(what, flags == EvtRenderBookmark ? BOOKMARK : RECORD, "EvtRender");
    if (!object)
        return ERROR_INVALID_HANDLE;
    if (object->kind == RECORD) {
        if (object->record.error)
            return object->record.error;
        text = object->record.text;
    } else if (object->bookmark) {
        _snwprintf(bookmark, ARRAYSIZE(bookmark),
                   L"<BookmarkList>\r\n  <Bookmark Channel='%ls' RecordId='%I64u' IsCurrent='true'/>\r\n</BookmarkList>",
                   object->channel, object->bookmark);
    } else {
        lstrcpyW(bookmark, L"<BookmarkList>\r\n</BookmarkList>");
    }
    DWORD needed = (lstrlenW(text) + 1) * sizeof(WCHAR);
    *used = needed;
    if (needed > size)
        return ERROR_INSUFFICIENT_BUFFER;
    memcpy(buffer, text, needed);
    return ERROR_SUCCESS;
}

/* https://learn.microsoft.com/windows/win32/api/winevt/nf-winevt-evtrender: sizes are in bytes, with the NUL; what does not fit
 * is not written, and how much it takes is told. */
BOOL WINAPI EvtRender(EVT_HANDLE context, EVT_HANDLE what, DWORD flags, DWORD size, PVOID buffer, PDWORD used,
                      PDWORD properties)
{
    EnterCriticalSection(&lock);
    DWORD error = render(context, what, flags, size, buffer, used, properties);
    LeaveCriticalSection(&lock);
    SetLastError(error);
    return !error;
}
