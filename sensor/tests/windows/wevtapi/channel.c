/* How a channel is set up. */
#include "stand_in.h"

#include <string.h>

/* https://learn.microsoft.com/windows/win32/api/winevt/nf-winevt-evtopenchannelconfig */
EVT_HANDLE WINAPI EvtOpenChannelConfig(EVT_HANDLE session, LPCWSTR channel, DWORD flags)
{
    EVT_HANDLE handle = NULL;
    struct object *object;
    struct log log;
    EnterCriticalSection(&lock);
    DWORD error = session || !channel || flags ? misuse("EvtOpenChannelConfig", "the parameters") : log_read(channel, &log);
    if (!error)
        handle = object_new(CONFIG, channel, &object);
    LeaveCriticalSection(&lock);
    SetLastError(error);
    return handle;
}

/* Reads the numbers of the channel's file; as Windows sets it up where there is none. */
static void settings(const WCHAR *channel, ULONGLONG numbers[3])
{
    WCHAR path[MAX_PATH];
    char text[128] = "1 20971520 0", *next = text;
    DWORD length;
    folder_path(path, channel, L".config");
    HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
    if (file != INVALID_HANDLE_VALUE) {
        if (ReadFile(file, text, sizeof text - 1, &length, NULL))
            text[length] = 0;
        CloseHandle(file);
    }
    for (int i = 0; i < 3; i++)
        numbers[i] = strtoull(next, &next, 10);
}

static DWORD property(EVT_HANDLE handle, EVT_CHANNEL_CONFIG_PROPERTY_ID id, DWORD flags, DWORD size, PEVT_VARIANT value,
                      PDWORD used)
{
    ULONGLONG numbers[3];
    if (flags || !used || (size && !value))
        return misuse("EvtGetChannelConfigProperty", "the parameters");
    struct object *object = object_of(handle, CONFIG, "EvtGetChannelConfigProperty");
    if (!object)
        return ERROR_INVALID_HANDLE;
    *used = sizeof *value;
    if (size < sizeof *value)
        return ERROR_INSUFFICIENT_BUFFER;
    settings(object->channel, numbers);
    /* Only the member of the value's type is written: what the rest of the union holds is not documented. */
    memset(value, 0xcc, sizeof *value);
    value->Count = 0;
    switch (id) {
    case EvtChannelConfigEnabled:
    case EvtChannelLoggingConfigRetention:
        value->Type = EvtVarTypeBoolean;
        value->BooleanVal = numbers[id == EvtChannelConfigEnabled ? 0 : 2] != 0;
        return ERROR_SUCCESS;
    case EvtChannelLoggingConfigMaxSize:
        value->Type = EvtVarTypeUInt64;
        value->UInt64Val = numbers[1];
        return ERROR_SUCCESS;
    default:
        return misuse("EvtGetChannelConfigProperty", "a property that the stand-in does not have");
    }
}

/* https://learn.microsoft.com/windows/win32/api/winevt/nf-winevt-evtgetchannelconfigproperty and
 * ne-winevt-evt_channel_config_property_id, which gives each property's type. */
BOOL WINAPI EvtGetChannelConfigProperty(EVT_HANDLE handle, EVT_CHANNEL_CONFIG_PROPERTY_ID id, DWORD flags, DWORD size,
                                        PEVT_VARIANT value, PDWORD used)
{
    EnterCriticalSection(&lock);
    DWORD error = property(handle, id, flags, size, value, used);
    LeaveCriticalSection(&lock);
    SetLastError(error);
    return !error;
}
