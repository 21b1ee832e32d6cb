/* Results: queries, and the records that they and subscriptions give. */
#include "stand_in.h"

#include <string.h>

/* How much one call gives at most ([MS-EVEN6] 2.2.1, MAX_RPC_RECORD_COUNT and MAX_RPC_BATCH_SIZE); here, in the text's bytes. */
#define MOST_RECORDS 1024
#define MOST_BYTES 0x200000

/* https://learn.microsoft.com/windows/win32/api/winevt/nf-winevt-evtquery, of a channel. */
EVT_HANDLE WINAPI EvtQuery(EVT_HANDLE session, LPCWSTR path, LPCWSTR query, DWORD flags)
{
    EVT_HANDLE handle = NULL;
    struct log log;
    DWORD error = ERROR_SUCCESS;
    DWORD direction = flags & (EvtQueryForwardDirection | EvtQueryReverseDirection);
    EnterCriticalSection(&lock);
    if (session || !path || (flags & ~direction) != EvtQueryChannelPath ||
        direction == (EvtQueryForwardDirection | EvtQueryReverseDirection))
        error = misuse("EvtQuery", "the parameters");
    else if (query && !filter_is_query(query))
        error = misuse("EvtQuery", "the query");
    else
        error = log_read(path, &log);
    if (!error) {
        struct object *object;
        handle = object_new(QUERY, path, &object);
        object->query.text = wcsdup(query ? query : L"*");
        object->query.backwards = direction == EvtQueryReverseDirection;
        object->query.next = object->query.backwards ? (log.count ? log.records[log.count - 1].number : 0) : 1;
    }
    LeaveCriticalSection(&lock);
    SetLastError(error);
    return handle;
}

/* Gives the place of the next record of a query, one at a time. */
static DWORD query_next(struct object *object, const struct log *log, DWORD *first, DWORD *count)
{
    ULONGLONG next = object->query.next;
    for (DWORD step = 0; step < log->count; step++) {
        DWORD place = object->query.backwards ? log->count - 1 - step : step;
        ULONGLONG number = log->records[place].number;
        if (!filter_takes(object->query.text, &log->records[place]))
            continue;
        if (object->query.backwards ? number <= next : number >= next) {
            object->query.next = object->query.backwards ? number - 1 : number + 1;
            *first = place;
            *count = 1;
            return ERROR_SUCCESS;
        }
    }
    return ERROR_NO_MORE_ITEMS;
}

static EVT_HANDLE record_new(const WCHAR *channel, const struct record *record)
{
    struct object *object;
    EVT_HANDLE handle = object_new(RECORD, channel, &object);
    int length = MultiByteToWideChar(CP_UTF8, 0, record->text, record->length, NULL, 0);
    object->record.number = record->number;
    object->record.error = record->error;
    object->record.text = calloc(length + 1, sizeof(WCHAR));
    MultiByteToWideChar(CP_UTF8, 0, record->text, record->length, object->record.text, length);
    return handle;
}

static DWORD next(EVT_HANDLE results, DWORD size, EVT_HANDLE *records, DWORD flags, PDWORD returned)
{
    struct log log;
    DWORD first = 0, count = 0, bytes = 0, error;
    if (!size || size > MOST_RECORDS || !records || !returned || flags)
        return misuse("EvtNext", "the parameters");
    *returned = 0;
    BOOL is_query = object_kind(results) == QUERY;
    struct object *object = object_of(results, is_query ? QUERY : SUBSCRIPTION, "EvtNext");
    if (!object)
        return ERROR_INVALID_HANDLE;
    if (!(error = log_read(object->channel, &log)))
        error = is_query ? query_next(object, &log, &first, &count)
                         : subscription_next(object, &log, size, &first, &count);
    if (error)
        return error;
    for (DWORD i = 0; i < count; i++)
        bytes += log.records[first + i].length * sizeof(WCHAR);
    /* The records are gone for this handle: the results are past them. */
    if (count > 1 && bytes > MOST_BYTES)
        return RPC_S_INVALID_BOUND;
    for (DWORD i = 0; i < count; i++)
        records[i] = record_new(object->channel, &log.records[first + i]);
    *returned = count;
    return ERROR_SUCCESS;
}

/* https://learn.microsoft.com/windows/win32/api/winevt/nf-winevt-evtnext, without waiting. That a batch of large records fails
 * with RPC_S_INVALID_BOUND, and is lost unless the client subscribes anew, is not in that document; clients see it
 * (github.com/elastic/beats, issue 3076). */
BOOL WINAPI EvtNext(EVT_HANDLE results, DWORD size, EVT_HANDLE *records, DWORD timeout, DWORD flags, PDWORD returned)
{
    (void)timeout;
    EnterCriticalSection(&lock);
    DWORD error = next(results, size, records, flags, returned);
    LeaveCriticalSection(&lock);
    SetLastError(error);
    return !error;
}
