/* Subscriptions in the pull model: what is logged is told by an event of the client's, and taken by EvtNext. */
#include "stand_in.h"

#include <string.h>

/* How often a log is looked at, in milliseconds. */
#define STEP 20

struct subscription {
    WCHAR channel[LONGEST_NAME];
    WCHAR *query;
    /* The client's event. */
    HANDLE signal;
    BOOL strict;
    /* The lowest number that was not given; 0 as long as the log was empty since the start. */
    ULONGLONG next;
    /* The highest number that the event was set for. */
    ULONGLONG told;
    /* The client was not told yet that it has taken everything. */
    BOOL ready;
    /* Records are missing: it gives no more. */
    BOOL stale;
    /* Its thread is to end. */
    BOOL closed;
};

/* Sets the client's event for each record once, as it is logged: one that is taken back too late is not set again. */
static DWORD WINAPI watch(LPVOID argument)
{
    struct subscription *subscription = argument;
    for (;;) {
        struct log log;
        Sleep(STEP);
        EnterCriticalSection(&lock);
        BOOL closed = subscription->closed;
        if (!closed && log_read(subscription->channel, &log) == ERROR_SUCCESS && log.count) {
            ULONGLONG last = log.records[log.count - 1].number;
            if (last > subscription->told) {
                subscription->told = last;
                subscription->ready = TRUE;
                SetEvent(subscription->signal);
            }
        }
        LeaveCriticalSection(&lock);
        if (closed) {
            CloseHandle(subscription->signal);
            free(subscription->query);
            free(subscription);
            return 0;
        }
    }
}

void subscription_close(struct subscription *subscription)
{
    subscription->closed = TRUE;
}

static void keep_query(const WCHAR *channel, const WCHAR *query)
{
    WCHAR path[MAX_PATH];
    char text[8192];
    DWORD written;
    int length = WideCharToMultiByte(CP_UTF8, 0, query, -1, text, sizeof text, NULL, NULL);
    if (length <= 0 || !folder_path(path, channel, L".queries"))
        return;
    HANDLE file = CreateFileW(path, FILE_APPEND_DATA, FILE_SHARE_READ, NULL, OPEN_ALWAYS, 0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return;
    text[length - 1] = '\n';
    WriteFile(file, text, length, &written, NULL);
    CloseHandle(file);
}

/* Whether the log has a record of this number that is asked for. */
static BOOL has(const struct log *log, const WCHAR *query, ULONGLONG number)
{
    for (DWORD place = 0; place < log->count; place++)
        if (log->records[place].number == number)
            return filter_takes(query, &log->records[place]);
    return FALSE;
}

/* Where a subscription begins; an error where it can't. */
static DWORD begin(const struct log *log, const WCHAR *query, const struct object *bookmark, DWORD flags, ULONGLONG *next)
{
    ULONGLONG first = log->count ? log->records[0].number : 0;
    ULONGLONG last = log->count ? log->records[log->count - 1].number : 0;
    switch (flags & EvtSubscribeOriginMask) {
    case EvtSubscribeToFutureEvents:
        *next = log->count ? last + 1 : 0;
        return ERROR_SUCCESS;
    case EvtSubscribeStartAtOldestRecord:
        *next = first;
        return ERROR_SUCCESS;
    default:
        *next = bookmark->bookmark + 1;
        /* The documents don't say whether a record counts that is not asked for. */
        if (has(log, query, bookmark->bookmark))
            return ERROR_SUCCESS;
        if (flags & EvtSubscribeStrict)
            return ERROR_NOT_FOUND;
        *next = bookmark->bookmark > last ? last + 1 : first;
        return ERROR_SUCCESS;
    }
}

static DWORD subscribe(HANDLE signal, LPCWSTR channel, LPCWSTR query, EVT_HANDLE bookmark_handle, DWORD flags,
                       EVT_HANDLE *handle)
{
    const char *function = "EvtSubscribe";
    struct log log;
    struct object *bookmark = NULL, *object;
    ULONGLONG next;
    DWORD origin = flags & EvtSubscribeOriginMask, flag;
    if (!origin || flags & ~(DWORD)(EvtSubscribeOriginMask | EvtSubscribeTolerateQueryErrors | EvtSubscribeStrict))
        return misuse(function, "the flags");
    if (!signal || !GetHandleInformation(signal, &flag))
        return misuse(function, "no event that could be set");
    if (!channel || !*channel)
        return misuse(function, "no channel");
    if ((origin == EvtSubscribeStartAfterBookmark) != (bookmark_handle != NULL))
        return misuse(function, "a bookmark is needed to start after it, and only then");
    if (!query || !filter_is_query(query)) {
        misuse(function, "the query");
        return ERROR_EVT_INVALID_QUERY;
    }
    if (bookmark_handle && !(bookmark = object_of(bookmark_handle, BOOKMARK, function)))
        return ERROR_INVALID_HANDLE;
    DWORD error = log_read(channel, &log);
    if (!error)
        error = begin(&log, query, bookmark, flags, &next);
    if (error)
        return error;
    struct subscription *subscription = calloc(1, sizeof *subscription);
    lstrcpynW(subscription->channel, channel, LONGEST_NAME);
    subscription->query = wcsdup(query);
    DuplicateHandle(GetCurrentProcess(), signal, GetCurrentProcess(), &subscription->signal, 0, FALSE, DUPLICATE_SAME_ACCESS);
    subscription->strict = (flags & EvtSubscribeStrict) != 0;
    subscription->next = next;
    subscription->told = log.count ? log.records[log.count - 1].number : 0;
    subscription->ready = TRUE;
    *handle = object_new(SUBSCRIPTION, channel, &object);
    object->subscription = subscription;
    keep_query(channel, query);
    CloseHandle(CreateThread(NULL, 0, watch, subscription, 0, NULL));
    return ERROR_SUCCESS;
}

/* https://learn.microsoft.com/windows/win32/api/winevt/nf-winevt-evtsubscribe and ne-winevt-evt_subscribe_flags.
 * The event is set only for what is logged after the call: what is there already is to be taken without it. */
EVT_HANDLE WINAPI EvtSubscribe(EVT_HANDLE session, HANDLE signal, LPCWSTR channel, LPCWSTR query, EVT_HANDLE bookmark,
                               PVOID context, EVT_SUBSCRIBE_CALLBACK callback, DWORD flags)
{
    EVT_HANDLE handle = NULL;
    DWORD error;
    EnterCriticalSection(&lock);
    if (session || context || callback)
        error = misuse("EvtSubscribe", "a session or a callback");
    else
        error = subscribe(signal, channel, query, bookmark, flags, &handle);
    LeaveCriticalSection(&lock);
    SetLastError(error);
    return handle;
}

/* Gives where the next records of a subscription lie in its log; an error where there are none.
 *
 * That a client which has taken everything and asks again before something was logged gets ERROR_INVALID_OPERATION is not
 * in the documents; clients that poll see it (github.com/elastic/beats, winlogbeat/sys/wineventlog).
 * ERROR_EVT_QUERY_RESULT_STALE comes for records that went unread, of a strict subscription only
 * (ne-winevt-evt_subscribe_flags), and again until the client releases the result and asks anew, as the document of System
 * Error Codes (12000-15999) says. */
DWORD subscription_next(struct object *object, struct log *log, DWORD most, DWORD *first, DWORD *count)
{
    struct subscription *subscription = object->subscription;
    if (subscription->stale)
        return ERROR_EVT_QUERY_RESULT_STALE;
    if (!subscription->ready)
        return ERROR_INVALID_OPERATION;
    if (log->count && subscription->next && log->records[0].number > subscription->next) {
        subscription->stale = subscription->strict;
        if (subscription->stale)
            return ERROR_EVT_QUERY_RESULT_STALE;
    }
    const struct record *records = log->records;
    for (*first = 0; *first < log->count; ++*first)
        if (records[*first].number >= subscription->next && filter_takes(subscription->query, &records[*first]))
            break;
    for (*count = 0; *first + *count < log->count && *count < most; ++*count)
        if (!filter_takes(subscription->query, &records[*first + *count]))
            break;
    if (!*count) {
        /* What is not asked for is passed over. */
        if (log->count && subscription->next <= records[log->count - 1].number)
            subscription->next = records[log->count - 1].number + 1;
        subscription->ready = FALSE;
        return ERROR_NO_MORE_ITEMS;
    }
    subscription->next = log->records[*first + *count - 1].number + 1;
    return ERROR_SUCCESS;
}
