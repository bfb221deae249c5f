use super::*;
use crate::emit::bytes::checksum;
use crate::emit::fcio::FspFlags;

fn words(bytes: &[u8]) -> Vec<u32> {
    assert_eq!(bytes.len() % 4, 0);
    bytes.chunks(4).map(|word| u32::from_le_bytes(word.try_into().unwrap())).collect()
}

/// Walks the packets: (data id, words of the packet).
fn walk(bytes: &[u8]) -> Vec<(u32, Vec<u32>)> {
    let mut rest = &words(bytes)[..];
    let mut packets = Vec::new();
    while !rest.is_empty() {
        let (data_id, length) = match rest[0] {
            word if word >> 31 == 1 => (word & 0xFC00_0000, 1),
            word if word & 0x3FFFF == 0 => (word, rest[1] as usize),
            word => (word & !0x3FFFF, (word & 0x3FFFF) as usize),
        };
        packets.push((data_id, rest[..length].to_vec()));
        rest = &rest[length..];
    }
    packets
}

fn count(packets: &[(u32, Vec<u32>)], data_id: u32) -> usize {
    packets.iter().filter(|packet| packet.0 == data_id).count()
}

fn all() -> [Emitter; 6] {
    [
        Emitter::flashcam(1, FlashCam::AdcWaveform),
        Emitter::flashcam(1, FlashCam::Waveform),
        Emitter::flashcam(1, FlashCam::Fcio(None)),
        Emitter::flashcam(1, FlashCam::Fcio(Some(FspLayout::Short))),
        Emitter::sis3302(1),
        Emitter::sis3316(1),
    ]
}

#[test]
fn runs_are_chains_of_packets() {
    for setup in all() {
        let packets = walk(&setup.run(20));
        let (first, header) = &packets[0];
        assert_eq!(*first, 0);
        assert_eq!(header[2], u32::from_le_bytes(*b"<?xm"));
        assert!((0..4).contains(&(4 * header[0] - 8 - header[1])));
        assert_eq!(count(&packets, id::RUN), 3);
        assert_eq!(count(&packets, id::UNKNOWN), 1);
        assert_eq!(packets[1].1[1], 0x21);
        assert_eq!(packets.last().unwrap().1[1], 0x20);
    }
}

#[test]
fn header_describes_what_the_file_holds() {
    let mut out = Vec::new();
    Emitter { short_records: true, ..Emitter::sis3302(1) }.stream().header(&mut out);
    let text = String::from_utf8_lossy(&out);
    for wanted in ["ORSIS3302DecoderForEnergy", "<integer>-2080374784</integer>", "RunNumber"] {
        assert!(text.contains(wanted), "{wanted}");
    }
    assert!(!text.contains("ORSIS3316"));
}

#[test]
fn waveform_packets_carry_their_place() {
    for (packing, shift, mask) in [(FlashCam::AdcWaveform, 10, 0xF), (FlashCam::Waveform, 9, 0x1F)]
    {
        let mut out = Vec::new();
        Emitter::flashcam(1, packing).stream().flashcam_waveforms(&mut out, &[10]);
        let packets = walk(&out);
        let packet = &packets[0].1;
        assert_eq!(packet[1] >> 28, 3);
        assert_eq!(packet[1] >> 22 & 0x3F, 17);
        assert_eq!(packet[1] >> 6 & 0xFFFF, 1000);
        assert_eq!(packet[2] >> 22 & 0x1F, 1, "slot");
        assert_eq!((packet[2] & 0x3F_C000) >> 10, 0x110, "board");
        assert_eq!(packet[2] >> shift & mask, 4, "input");
        assert_eq!(packet[2] & 0x1FF, 10, "channel");
        assert_eq!(packet.len(), 20 + 500);
    }
}

#[test]
fn embedded_records_are_extended_packets() {
    let mut stream = Emitter::flashcam(1, FlashCam::Fcio(Some(FspLayout::Current))).stream();
    let mut out = Vec::new();
    stream.fcio_config(&mut out);
    let flags = FspFlags::window_sum();
    for record in [Record::Event, Record::SparseEvent(&[1]), Record::EventHeader(&[0, 2])] {
        stream.fcio_record(&mut out, record, flags);
    }
    stream.fcio_record(&mut out, Record::Status(2), flags);
    let packets = walk(&out);
    let ids: Vec<u32> = packets.iter().map(|packet| packet.0 >> 18).collect();
    assert_eq!(ids, [4, 5, 5, 6, 7]);
    let tags: Vec<i32> = packets.iter().map(|packet| packet.1[3] as i32).collect();
    assert_eq!(tags, [-1_000_000_001, -9, -9, -9, -10]);
    assert!(packets.iter().all(|packet| packet.1[2] == 0x1_0001));
}

#[test]
fn wrapped_sis3302_packets_unwrap_to_the_same_trace() {
    let trace = |wrapped| {
        let mut out = Vec::new();
        Emitter::sis3302(1).stream().sis3302(&mut out, 2, wrapped);
        let packet = walk(&out).remove(0).1;
        let head = if wrapped { 8 } else { 6 };
        assert_eq!(packet.len(), head + 512 + 16 + 4);
        assert_eq!(packet.last(), Some(&0xDEAD_BEEF));
        let halves = |word: &u32| [*word as u16, (*word >> 16) as u16];
        let mut samples: Vec<u16> = packet[head..head + 512].iter().flat_map(halves).collect();
        if wrapped {
            samples.rotate_left(packet[7] as usize + 1);
        }
        samples
    };
    assert_eq!(trace(true), trace(false));
}

#[test]
fn sis3316_packets_hold_several_events_in_every_format() {
    for format_bits in 0..16 {
        let mut out = Vec::new();
        Emitter::sis3316(1).stream().sis3316(&mut out, 1, 3, format_bits);
        let packet = walk(&out).remove(0).1;
        let (events, size, header) = (packet[2], packet[3] as usize, packet[5] as usize);
        assert_eq!((events, size), (3, header + 300));
        assert_eq!(packet.len(), 10 + 3 * size);
        for event in packet[10..].chunks(size) {
            assert_eq!(event[0] & 0xF, format_bits);
            assert_eq!(event[header - 1], 0xE000_012C);
        }
    }
}

#[test]
fn odd_pieces_have_their_sizes() {
    let mut stream = Emitter::default().stream();
    let mut out = Vec::new();
    stream.unknown(&mut out, 7);
    stream.short(&mut out, u32::MAX);
    assert_eq!(words(&out)[7], 0x87FF_FFFF);
    stream.foreign(&mut out, 5);
    assert_eq!(out.len(), 28 + 4 + 5);
    out.clear();
    long(&mut out, id::RUN, &vec![0; 1 << 18]);
    assert_eq!(words(&out)[..2], [id::RUN, (1 << 18) + 2]);
    assert_eq!(walk(&out).len(), 1);
}

#[test]
fn same_seed_same_bytes() {
    let bytes: Vec<u8> = all().iter().flat_map(|setup| setup.run(9)).collect();
    assert_eq!(bytes, all().iter().flat_map(|setup| setup.run(9)).collect::<Vec<u8>>());
    assert_eq!(checksum(&bytes), 0xE326_C35E_D7D4_D2CD, "golden checksum");
}
