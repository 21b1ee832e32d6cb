/* Consumers: the records of a session, handed to a callback until the session is stopped. */
#include "stand_in.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How often a session is looked at, in milliseconds. */
#define STEP 20
#define MOST_CONSUMERS 8
/* The handle of a consumer is its place, from this number: it is none of a session. */
#define FIRST_HANDLE 0x1000

static struct consumer {
    struct session session;
    PEVENT_RECORD_CALLBACK callback;
    PVOID context;
    BOOL open;
    BOOL works;
    BOOL closed;
    /* How many bytes of the records' file were taken. */
    size_t taken;
} consumers[MOST_CONSUMERS];

/* https://learn.microsoft.com/windows/win32/api/evntrace/nf-evntrace-opentracew and ns-evntrace-event_trace_logfilew */
TRACEHANDLE WINAPI OpenTraceW(EVENT_TRACE_LOGFILEW *about)
{
    TRACEHANDLE handle = INVALID_PROCESSTRACE_HANDLE;
    DWORD place = 0, mode = about ? about->ProcessTraceMode : 0;
    EnterCriticalSection(&lock);
    struct session *session = about && about->LoggerName ? session_named(about->LoggerName) : NULL;
    while (place < MOST_CONSUMERS && consumers[place].open)
        place++;
    if (!session || about->LogFileName || !about->EventRecordCallback || place == MOST_CONSUMERS ||
        mode != (PROCESS_TRACE_MODE_REAL_TIME | PROCESS_TRACE_MODE_EVENT_RECORD)) {
        SetLastError(misuse("OpenTraceW", "the parameters"));
    } else {
        struct consumer *consumer = &consumers[place];
        memset(consumer, 0, sizeof *consumer);
        consumer->session = *session;
        consumer->callback = about->EventRecordCallback;
        consumer->context = about->Context;
        consumer->open = TRUE;
        handle = FIRST_HANDLE + place;
    }
    LeaveCriticalSection(&lock);
    return handle;
}

static struct consumer *consumer_of(TRACEHANDLE handle)
{
    if (handle < FIRST_HANDLE || handle >= FIRST_HANDLE + MOST_CONSUMERS || !consumers[handle - FIRST_HANDLE].open)
        return NULL;
    return &consumers[handle - FIRST_HANDLE];
}

static BOOL is_wanted(const struct consumer *consumer, const EVENT_HEADER *header)
{
    for (DWORD i = 0; i < consumer->session.provider_count; i++) {
        const struct provider *provider = &consumer->session.providers[i];
        ULONGLONG keywords = header->EventDescriptor.Keyword;
        if (memcmp(&provider->id, &header->ProviderId, sizeof(GUID)))
            continue;
        /* Without a keyword a record goes to all sessions, and a session without a mask takes all. */
        if (provider->any && keywords && !(provider->any & keywords))
            return FALSE;
        for (USHORT event = 0; event < provider->event_count; event++)
            if (provider->events[event] == header->EventDescriptor.Id)
                return TRUE;
        return !provider->event_count;
    }
    return FALSE;
}

/* Reads a line; FALSE where it is none. */
static BOOL parse(const char *line, EVENT_RECORD *record, BYTE *payload, size_t room)
{
    EVENT_HEADER *header = &record->EventHeader;
    GUID *id = &header->ProviderId;
    unsigned int part[11], number, version, process;
    unsigned long long keywords;
    int length = 0;
    if (sscanf(line, "%8x-%4x-%4x-%2x%2x-%2x%2x%2x%2x%2x%2x %u %u %llx %u %n", &part[0], &part[1], &part[2], &part[3],
               &part[4], &part[5], &part[6], &part[7], &part[8], &part[9], &part[10], &number, &version, &keywords, &process,
               &length) != 15 || !length)
        return FALSE;
    memset(record, 0, sizeof *record);
    id->Data1 = part[0];
    id->Data2 = part[1];
    id->Data3 = part[2];
    for (int i = 0; i < 8; i++)
        id->Data4[i] = part[3 + i];
    header->Size = sizeof *header;
    header->Flags = EVENT_HEADER_FLAG_64_BIT_HEADER;
    header->ProcessId = process;
    header->ThreadId = process + 4;
    header->EventDescriptor.Id = number;
    header->EventDescriptor.Version = version;
    header->EventDescriptor.Keyword = keywords;
    GetSystemTimeAsFileTime((FILETIME *)&header->TimeStamp);
    size_t bytes = 0;
    for (line += length; bytes < room && sscanf(line, "%2x", &number) == 1 && line[0] > ' '; line += 2)
        payload[bytes++] = number;
    record->UserData = payload;
    record->UserDataLength = bytes;
    return TRUE;
}

/* Hands over what was logged since the last call, and with `all` also what is still in a buffer. */
static void hand_over(struct consumer *consumer, BOOL all)
{
    char *text = file_read(consumer->session.name, L".records"), *line, *end;
    if (!text || strlen(text) < consumer->taken) {
        free(text);
        return;
    }
    for (line = text + consumer->taken; !consumer->closed && (end = strchr(line, '\n')); line = end + 1) {
        EVENT_RECORD record;
        /* As large as a record can be. */
        static BYTE payload[0x10000];
        if (*line == '~' && !all)
            break;
        *end = 0;
        consumer->taken = end + 1 - text;
        if (!parse(line + (*line == '~'), &record, payload, sizeof payload - 1)) {
            misuse("the test", "a line that is no record");
            continue;
        }
        record.UserContext = consumer->context;
        if (is_wanted(consumer, &record.EventHeader))
            consumer->callback(&record);
    }
    free(text);
}

/* https://learn.microsoft.com/windows/win32/api/evntrace/nf-evntrace-processtrace: it returns when the session is stopped, and
 * has handed over by then what was in its buffers, or when the consumer is closed. */
ULONG WINAPI ProcessTrace(TRACEHANDLE *handles, ULONG count, FILETIME *start, FILETIME *end)
{
    (void)start;
    (void)end;
    EnterCriticalSection(&lock);
    struct consumer *consumer = handles && count == 1 ? consumer_of(*handles) : NULL;
    if (!consumer || consumer->works) {
        misuse("ProcessTrace", "the handles");
        consumer = NULL;
    } else {
        consumer->works = TRUE;
    }
    LeaveCriticalSection(&lock);
    if (!consumer)
        return ERROR_INVALID_HANDLE;
    for (BOOL runs = TRUE; runs && !consumer->closed; Sleep(STEP)) {
        /* First: what is logged after this look is of the next session. */
        runs = session_runs(&consumer->session);
        hand_over(consumer, !runs);
    }
    EnterCriticalSection(&lock);
    consumer->works = FALSE;
    if (consumer->closed)
        consumer->open = FALSE;
    LeaveCriticalSection(&lock);
    return ERROR_SUCCESS;
}

/* https://learn.microsoft.com/windows/win32/api/evntrace/nf-evntrace-closetrace */
ULONG WINAPI CloseTrace(TRACEHANDLE handle)
{
    ULONG error = ERROR_SUCCESS;
    EnterCriticalSection(&lock);
    struct consumer *consumer = consumer_of(handle);
    if (!consumer || consumer->closed) {
        misuse("CloseTrace", "a handle that is not open");
        error = ERROR_INVALID_HANDLE;
    } else {
        consumer->closed = TRUE;
        error = consumer->works ? ERROR_CTX_CLOSE_PENDING : ERROR_SUCCESS;
        consumer->open = consumer->works;
    }
    LeaveCriticalSection(&lock);
    return error;
}
