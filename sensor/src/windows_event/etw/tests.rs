//! Payloads, whole and damaged.

use proptest::prelude::*;

use super::*;
use crate::windows_event::field::Value;

fn header(provider: &str, id: u16, version: u8) -> Header {
    Header {
        provider: provider.to_owned(),
        id,
        version,
        filetime: 133_485_408_000_000_000,
        process_id: 700,
        thread_id: 800,
        activity_id: None,
        pointer_bytes: 8,
        computer: Arc::from("HOST"),
    }
}

fn text(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}

fn set_value(pointer: &[u8]) -> Vec<u8> {
    [
        pointer,
        &0_u32.to_le_bytes(),
        &4_u32.to_le_bytes(),
        &4_u32.to_le_bytes(),
        &text(""),
        &text("Start"),
        &4_u16.to_le_bytes(),
        &4_u32.to_le_bytes(),
        &4_u32.to_le_bytes(),
        &4_u32.to_le_bytes(),
        &4_u16.to_le_bytes(),
        &2_u32.to_le_bytes(),
    ]
    .concat()
}

#[test]
fn a_registry_write_is_read_with_pointers_of_both_sizes() {
    for pointer in [&[1_u8, 2, 3, 4, 5, 6, 7, 8][..], &[1, 2, 3, 4]] {
        let header = Header { pointer_bytes: pointer.len(), ..header(KERNEL_REGISTRY, 5, 0) };
        let event = decode(&header, &set_value(pointer)).unwrap();
        assert_eq!(&*event.provider, "Microsoft-Windows-Kernel-Registry");
        assert_eq!(event.time.to_string(), "2024-01-01T00:00:00.000000000Z");
        assert_eq!(event.text("ValueName").as_deref(), Some("Start"));
        assert_eq!(event.field("CapturedData"), Some(&Value::Bytes(vec![4, 0, 0, 0])));
        assert_eq!(event.field("PreviousData"), Some(&Value::Bytes(vec![2, 0, 0, 0])));
    }
}

#[test]
fn a_call_is_read_with_its_interface() {
    let uuid = crate::scm::svcctl::INTERFACE_BYTES;
    let payload = [
        &uuid[..],
        &12_u32.to_le_bytes(),
        &2_u32.to_le_bytes(),
        &text(r"\\198.51.100.7"),
        &text(r"\PIPE\svcctl"),
        &text(""),
        &[0; 12],
    ]
    .concat();
    let event = decode(&header(RPC, 6, 1), &payload).unwrap();
    assert_eq!(event.text("InterfaceUuid").as_deref(), Some(crate::scm::svcctl::INTERFACE));
    assert!(is_call_of(&crate::scm::svcctl::INTERFACE_BYTES, &payload));
    assert!(!is_call_of(&crate::scm::svcctl::INTERFACE_BYTES, &payload[1..]));
    assert!(!is_call_of(&crate::scm::svcctl::INTERFACE_BYTES, &payload[..15]));
    assert_eq!(event.integer("ProcNum"), Some(12));
    assert_eq!(event.text("Endpoint").as_deref(), Some(r"\PIPE\svcctl"));
}

#[test]
fn a_process_start_is_read_in_every_version() {
    let sid = [1, 1, 0, 0, 0, 0, 0, 16, 0, 32, 0, 0];
    let image = text(r"\Device\HarddiskVolume3\x.exe");
    let (pid, parent) = (4321_u32.to_le_bytes(), 700_u32.to_le_bytes());
    let eight = [0_u8; 8];
    let four = [0_u8; 4];
    let v0 = [&pid[..], &eight, &parent, &four, &image].concat();
    let v1 = [&pid[..], &eight, &parent, &four, &four, &image].concat();
    let v3 = [&pid[..], &eight, &eight, &parent, &eight, &four, &four, &four, &four, &sid, &image, &eight]
        .concat();
    for (version, payload) in [(0, &v0), (1, &v1), (2, &v1), (3, &v3), (4, &v3)] {
        let event = decode(&header(KERNEL_PROCESS, 1, version), payload).unwrap();
        assert_eq!(event.integer("ProcessID"), Some(4321), "version {version}");
        assert_eq!(event.integer("ParentProcessID"), Some(700), "version {version}");
        assert_eq!(event.text("ImageName").as_deref(), Some(r"\Device\HarddiskVolume3\x.exe"));
    }
}

#[test]
fn what_is_cut_off_or_unknown_is_told() {
    let whole = set_value(&[0; 8]);
    assert_eq!(
        decode(&header(KERNEL_REGISTRY, 5, 0), &whole[..whole.len() - 1]),
        Err(EtwError::TooShort { field: "PreviousData" })
    );
    assert!(matches!(decode(&header(RPC, 99, 0), &[]), Err(EtwError::NoLayout { id: 99, .. })));
    let late = Header { filetime: u64::MAX, ..header(KERNEL_REGISTRY, 5, 0) };
    assert_eq!(decode(&late, &whole), Err(EtwError::Time(u64::MAX)));
}

proptest! {
    #[test]
    fn any_payload_is_read(
        provider in prop::sample::select(vec![KERNEL_REGISTRY, KERNEL_PROCESS, SERVICES, RPC]),
        id in prop::sample::select(vec![1_u16, 2, 3, 5, 6, 13, 15, 105, 200, 201, 202, 203, 204, 205]),
        version in 0_u8..5,
        payload in prop::collection::vec(any::<u8>(), 0..120),
        pointer_bytes in 0_usize..10,
    ) {
        let header = Header { pointer_bytes, ..header(provider, id, version) };
        if let Ok(event) = decode(&header, &payload) {
            prop_assert!(event.fields.len() <= 12);
        }
    }
}
