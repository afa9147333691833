//! CBOR as far as AWS's requests use it, read as JSON.

use serde_json::{Map, Number, Value};

/// The value that some bytes begin with; nothing for what is none.
pub(super) fn read(bytes: &[u8]) -> Option<Value> {
    Reader { bytes }.value()
}

struct Reader<'b> {
    bytes: &'b [u8],
}

impl Reader<'_> {
    fn take(&mut self, count: u64) -> Option<&[u8]> {
        let (taken, rest) = self.bytes.split_at_checked(usize::try_from(count).ok()?)?;
        self.bytes = rest;
        Some(taken)
    }

    fn number(&mut self, bytes: u64) -> Option<u64> {
        Some(self.take(bytes)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    /// Whether the next byte ends what has no length of its own.
    fn breaks(&mut self) -> bool {
        let breaks = self.bytes.first() == Some(&0xff);
        self.bytes = &self.bytes[usize::from(breaks)..];
        breaks
    }

    fn value(&mut self) -> Option<Value> {
        let head = *self.take(1)?.first()?;
        let (kind, short) = (head >> 5, head & 31);
        let length = match short {
            0..=23 => Some(u64::from(short)),
            24..=27 => Some(self.number(1 << (short - 24))?),
            31 => None,
            _ => return None,
        };
        match (kind, length) {
            (0, Some(number)) => Some(number.into()),
            (1, Some(number)) => Some((-1 - i64::try_from(number).ok()?).into()),
            (2 | 3, Some(length)) => Some(String::from_utf8_lossy(self.take(length)?).into()),
            (4, length) => {
                let mut list = Vec::new();
                while length.map_or_else(|| !self.breaks(), |length| (list.len() as u64) < length) {
                    list.push(self.value()?);
                }
                Some(list.into())
            }
            (5, length) => {
                let (mut map, mut read) = (Map::new(), 0);
                while length.map_or_else(|| !self.breaks(), |length| read < length) {
                    let Value::String(key) = self.value()? else { return None };
                    map.insert(key, self.value()?);
                    read += 1;
                }
                Some(map.into())
            }
            // A tag says what the value means; a time stays a number.
            (6, Some(_)) => self.value(),
            (7, Some(20)) => Some(false.into()),
            (7, Some(21)) => Some(true.into()),
            (7, Some(22 | 23)) => Some(Value::Null),
            (7, Some(bits)) => {
                #[expect(clippy::cast_possible_truncation, reason = "so many bits there are")]
                let number =
                    if short == 26 { f32::from_bits(bits as u32).into() } else { f64::from_bits(bits) };
                Some(Number::from_f64(number)?.into())
            }
            _ => None,
        }
    }
}

#[test]
fn cbor_is_read_as_json() {
    let bytes = b"\xbf\x69AlarmName\x61x\x66Period\x19\x01\x2c\x64Tags\x9f\xa1\x63Key\xf5\xff\x61t\xfb\x3f\xe0\0\0\0\0\0\0\xff";
    let is = serde_json::json!({"AlarmName": "x", "Period": 300, "Tags": [{"Key": true}], "t": 0.5});
    assert_eq!(read(bytes), Some(is));
    assert_eq!(read(b"\x62x"), None);
}
