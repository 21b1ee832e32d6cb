/* Sessions: started, asked, and stopped by their name or handle. */
#include "stand_in.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of evntprov.h, in versions that older compilers lack. */
#ifndef EVENT_FILTER_TYPE_NONE
#define EVENT_FILTER_TYPE_NONE 0
#endif
#ifndef EVENT_FILTER_TYPE_EVENT_ID
#define EVENT_FILTER_TYPE_EVENT_ID 0x80000200
#define MAX_EVENT_FILTER_EVENT_ID_COUNT 64
typedef struct {
    BOOLEAN FilterIn;
    UCHAR Reserved;
    USHORT Count;
    USHORT Events[ANYSIZE_ARRAY];
} EVENT_FILTER_EVENT_ID;
#endif

CRITICAL_SECTION lock;
/* The sessions that this process has started, by their handle, which is a number from 1. */
static struct session sessions[MOST_SESSIONS];

/* The mark of the session of this name that runs, whoever started it, and its handle; 0 where none does. */
static ULONGLONG running(const WCHAR *name, TRACEHANDLE *handle)
{
    char *text = file_read(name, L".session"), *next = text;
    ULONGLONG mark = text ? strtoull(text, &next, 10) : 0;
    *handle = mark ? strtoul(next, NULL, 10) : 0;
    free(text);
    return mark;
}

BOOL session_runs(const struct session *session)
{
    TRACEHANDLE handle;
    return running(session->name, &handle) == session->mark;
}

/* The session of this process that runs under a name. */
struct session *session_named(const WCHAR *name)
{
    for (DWORD place = 0; place < MOST_SESSIONS; place++)
        if (sessions[place].name[0] && !lstrcmpiW(sessions[place].name, name) && session_runs(&sessions[place]))
            return &sessions[place];
    return NULL;
}

/* The name of the session that has this handle now, whoever started it: handles of sessions that have ended are given out
 * anew, the lowest first. */
static BOOL name_of(TRACEHANDLE handle, WCHAR *name)
{
    WCHAR path[MAX_PATH];
    WIN32_FIND_DATAW found;
    BOOL is_found = FALSE;
    HANDLE search = folder_path(path, L"*", L".session") ? FindFirstFileW(path, &found) : INVALID_HANDLE_VALUE;
    if (search == INVALID_HANDLE_VALUE)
        return FALSE;
    do {
        TRACEHANDLE its;
        lstrcpynW(name, found.cFileName, LONGEST_NAME);
        *wcsrchr(name, L'.') = 0;
        is_found = running(name, &its) && its == handle;
    } while (!is_found && FindNextFileW(search, &found));
    FindClose(search);
    return is_found;
}

/* What both the start and the control of a session ask of its properties. */
static ULONG check(const char *function, const EVENT_TRACE_PROPERTIES *properties, const WCHAR *name)
{
    DWORD needed = (name ? lstrlenW(name) + 1 : 1) * sizeof(WCHAR);
    if (!properties)
        return misuse(function, "no properties");
    if (properties->Wnode.BufferSize < sizeof *properties || properties->LoggerNameOffset < sizeof *properties ||
        properties->LoggerNameOffset + needed > properties->Wnode.BufferSize) {
        misuse(function, "no room for the session's name");
        return ERROR_BAD_LENGTH;
    }
    return ERROR_SUCCESS;
}

static ULONG start(TRACEHANDLE *handle, const WCHAR *name, EVENT_TRACE_PROPERTIES *properties)
{
    const char *function = "StartTraceW";
    WCHAR path[MAX_PATH];
    WCHAR other[LONGEST_NAME];
    char mark[64];
    DWORD written;
    TRACEHANDLE new = 1;
    if (!handle || !name || !*name || lstrlenW(name) >= LONGEST_NAME)
        return misuse(function, "no handle, or no name");
    *handle = 0;
    ULONG error = check(function, properties, name);
    if (error)
        return error;
    if (!(properties->Wnode.Flags & WNODE_FLAG_TRACED_GUID))
        return misuse(function, "WNODE_FLAG_TRACED_GUID is missing");
    if (!(properties->LogFileMode & EVENT_TRACE_REAL_TIME_MODE) || properties->LogFileNameOffset)
        return misuse(function, "a session that is not in real time");
    if (!properties->BufferSize || properties->BufferSize > 16384 ||
        (properties->MaximumBuffers && properties->MaximumBuffers < properties->MinimumBuffers))
        return misuse(function, "the buffers");
    while (name_of(new, other))
        new++;
    if (new > MOST_SESSIONS || file_exists(L"full", L".txt") || !folder_path(path, name, L".session"))
        return ERROR_NO_SYSTEM_RESOURCES;
    HANDLE file = CreateFileW(path, GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL, CREATE_NEW, 0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return ERROR_ALREADY_EXISTS;
    struct session *session = &sessions[new - 1];
    memset(session, 0, sizeof *session);
    lstrcpyW(session->name, name);
    session->mark = ((ULONGLONG)GetCurrentProcessId() << 32) + GetTickCount();
    snprintf(mark, sizeof mark, "%llu %llu", session->mark, new);
    WriteFile(file, mark, (DWORD)strlen(mark), &written, NULL);
    CloseHandle(file);
    file_write(name, L".records", CREATE_ALWAYS, "");
    file_write(name, L".enabled", CREATE_ALWAYS, "");
    lstrcpyW((WCHAR *)((BYTE *)properties + properties->LoggerNameOffset), name);
    *handle = new;
    return ERROR_SUCCESS;
}

/* https://learn.microsoft.com/windows/win32/api/evntrace/nf-evntrace-starttracew */
ULONG WINAPI StartTraceW(TRACEHANDLE *handle, LPCWSTR name, EVENT_TRACE_PROPERTIES *properties)
{
    EnterCriticalSection(&lock);
    ULONG error = start(handle, name, properties);
    LeaveCriticalSection(&lock);
    return error;
}

static ULONG enable(TRACEHANDLE handle, const GUID *id, ULONG code, ULONGLONG any, ENABLE_TRACE_PARAMETERS *parameters)
{
    const char *function = "EnableTraceEx2";
    WCHAR name[LONGEST_NAME];
    struct session *session = name_of(handle, name) ? session_named(name) : NULL;
    char line[1024];
    if (!session)
        return misuse(function, "a session that does not run");
    if (!id || code != EVENT_CONTROL_CODE_ENABLE_PROVIDER)
        return misuse(function, "the parameters");
    /* What a provider is enabled for takes the place of what it was enabled for before. */
    struct provider *provider = session->providers;
    while (provider < session->providers + session->provider_count && memcmp(&provider->id, id, sizeof *id))
        provider++;
    if (provider == session->providers + MOST_PROVIDERS)
        return misuse(function, "more providers than the stand-in has room for");
    if (provider == session->providers + session->provider_count)
        session->provider_count++;
    memset(provider, 0, sizeof *provider);
    provider->id = *id;
    provider->any = any;
    if (parameters && parameters->Version != ENABLE_TRACE_PARAMETERS_VERSION_2)
        return misuse(function, "the version of the parameters");
    for (ULONG i = 0; parameters && i < parameters->FilterDescCount; i++) {
        const EVENT_FILTER_DESCRIPTOR *filter = &parameters->EnableFilterDesc[i];
        const EVENT_FILTER_EVENT_ID *events = (const EVENT_FILTER_EVENT_ID *)(ULONG_PTR)filter->Ptr;
        if (filter->Type == EVENT_FILTER_TYPE_NONE && filter->Size == sizeof(ULONG)) {
            /* What it means is up to the provider. */
            provider->own = *(const ULONG *)(ULONG_PTR)filter->Ptr;
            continue;
        }
        if (filter->Type != EVENT_FILTER_TYPE_EVENT_ID || provider->event_count)
            return misuse(function, "a filter that the stand-in does not know, or the same twice");
        if (!events || !events->FilterIn || !events->Count || events->Count > MAX_EVENT_FILTER_EVENT_ID_COUNT ||
            filter->Size < FIELD_OFFSET(EVENT_FILTER_EVENT_ID, Events) + events->Count * sizeof(USHORT))
            return misuse(function, "the filter by event number");
        provider->event_count = events->Count;
        memcpy(provider->events, events->Events, events->Count * sizeof(USHORT));
    }
    int length = snprintf(line, sizeof line, "%08lx-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x %llx", id->Data1, id->Data2,
                          id->Data3, id->Data4[0], id->Data4[1], id->Data4[2], id->Data4[3], id->Data4[4], id->Data4[5],
                          id->Data4[6], id->Data4[7], any);
    if (provider->own)
        length += snprintf(line + length, sizeof line - length, " own:%lx", provider->own);
    for (USHORT i = 0; i < provider->event_count; i++)
        length += snprintf(line + length, sizeof line - length, " %u", provider->events[i]);
    snprintf(line + length, sizeof line - length, "\n");
    file_write(session->name, L".enabled", OPEN_ALWAYS, line);
    return ERROR_SUCCESS;
}

/* https://learn.microsoft.com/windows/win32/api/evntrace/nf-evntrace-enabletraceex2, ns-evntrace-enable_trace_parameters and
 * ns-evntprov-event_filter_event_id */
ULONG WINAPI EnableTraceEx2(TRACEHANDLE handle, LPCGUID id, ULONG code, UCHAR level, ULONGLONG any, ULONGLONG all,
                            ULONG timeout, ENABLE_TRACE_PARAMETERS *parameters)
{
    (void)level;
    (void)all;
    (void)timeout;
    EnterCriticalSection(&lock);
    ULONG error = enable(handle, id, code, any, parameters);
    LeaveCriticalSection(&lock);
    return error;
}

static ULONG control(TRACEHANDLE handle, const WCHAR *name, EVENT_TRACE_PROPERTIES *properties, ULONG code)
{
    const char *function = "ControlTraceW";
    WCHAR path[MAX_PATH];
    WCHAR its[LONGEST_NAME];
    TRACEHANDLE running_handle;
    if (!name) {
        /* The client may hold the handle of a session that has ended. */
        if (!name_of(handle, its))
            return ERROR_WMI_INSTANCE_NOT_FOUND;
        name = its;
    }
    ULONG error = check(function, properties, name);
    if (error)
        return error;
    if (!running(name, &running_handle))
        return ERROR_WMI_INSTANCE_NOT_FOUND;
    char *lost = code == EVENT_TRACE_CONTROL_STOP ? file_read(name, L".lost-at-end") : NULL;
    if (!lost)
        lost = file_read(name, L".lost");
    char *next = lost;
    if (lost) {
        properties->EventsLost = strtoul(next, &next, 10);
        properties->RealTimeBuffersLost = strtoul(next, &next, 10);
    }
    free(lost);
    lstrcpyW((WCHAR *)((BYTE *)properties + properties->LoggerNameOffset), name);
    properties->Wnode.HistoricalContext = running_handle;
    switch (code) {
    case EVENT_TRACE_CONTROL_QUERY:
        return ERROR_SUCCESS;
    case EVENT_TRACE_CONTROL_STOP:
        folder_path(path, name, L".session");
        return DeleteFileW(path) ? ERROR_SUCCESS : GetLastError();
    default:
        return misuse(function, "a control that the stand-in does not know");
    }
}

/* https://learn.microsoft.com/windows/win32/api/evntrace/nf-evntrace-controltracew */
ULONG WINAPI ControlTraceW(TRACEHANDLE handle, LPCWSTR name, EVENT_TRACE_PROPERTIES *properties, ULONG code)
{
    EnterCriticalSection(&lock);
    ULONG error = control(handle, name, properties, code);
    LeaveCriticalSection(&lock);
    return error;
}
