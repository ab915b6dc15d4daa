//! How a backup is written: a plain header, packed frames of tables and rows, and the digest of all of it.
//!
//! ```text
//! "TONGSHI BACKUP 1\n"  u32 length, header (JSON)  gzip( frame… )  SHA-256 of everything before (FIPS 180-4)
//! frame = 'T' name, u16 columns, each column's name | 'R' values | 'E' u64 rows of the table | 'Z'
//! value = 0 | 1 i64 | 2 text | 3 bytes; numbers are big-endian, texts and bytes begin with their length as u32
//! ```

use std::io::{self, BufReader, BufWriter, Read, Write};

use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use sha2::{Digest as _, Sha256};
use tongshi_model::{Error, Result};

use crate::sql::Value;

/// How a backup begins.
pub(super) const MAGIC: &[u8] = b"TONGSHI BACKUP 1\n";
/// The digest at the end.
pub(super) const DIGEST_BYTES: u64 = 32;
/// No header of ours comes near.
const HEADER_BYTES_MAX: u32 = 16 * 1024 * 1024;
/// No single value of ours comes near; PostgreSQL stores none above.
const VALUE_BYTES_MAX: u32 = 1024 * 1024 * 1024;
/// Beyond the fast levels the time doubles and a tenth is gained.
const LEVEL: u32 = 3;

/// Adds up what passes.
pub(super) struct Summed<T> {
    inner: T,
    sum: Sha256,
}

impl<W: Write> Write for Summed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.sum.update(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Writes a backup.
pub(super) struct Writer<W: Write>(BufWriter<GzEncoder<Summed<W>>>);

impl<W: Write> Writer<W> {
    pub(super) fn begin(out: W, header: &[u8]) -> Result<Self> {
        let mut summed = Summed { inner: out, sum: Sha256::new() };
        let length = u32::try_from(header.len()).unwrap_or(u32::MAX).to_be_bytes();
        let begun = summed
            .write_all(MAGIC)
            .and_then(|()| summed.write_all(&length))
            .and_then(|()| summed.write_all(header));
        begun.map_err(unwritten)?;
        Ok(Self(BufWriter::new(GzEncoder::new(summed, Compression::new(LEVEL)))))
    }

    pub(super) fn table<'a>(
        &mut self,
        name: &str,
        columns: impl ExactSizeIterator<Item = &'a str>,
    ) -> Result<()> {
        let count = u16::try_from(columns.len()).unwrap_or(u16::MAX).to_be_bytes();
        let mut frame = vec![b'T'];
        put(&mut frame, name.as_bytes());
        frame.extend_from_slice(&count);
        for column in columns {
            put(&mut frame, column.as_bytes());
        }
        self.0.write_all(&frame).map_err(unwritten)
    }

    /// Writes a row and says how long it is.
    pub(super) fn row(&mut self, values: &[Value]) -> Result<usize> {
        let mut frame = vec![b'R'];
        for value in values {
            match value {
                Value::Null => frame.push(0),
                Value::Int(number) => {
                    frame.push(1);
                    frame.extend_from_slice(&number.to_be_bytes());
                }
                Value::Text(text) => {
                    frame.push(2);
                    put(&mut frame, text.as_bytes());
                }
                Value::Bytes(bytes) => {
                    frame.push(3);
                    put(&mut frame, bytes);
                }
            }
        }
        self.0.write_all(&frame).map_err(unwritten)?;
        Ok(frame.len())
    }

    pub(super) fn end_of_table(&mut self, rows: u64) -> Result<()> {
        let frame = [b"E".as_slice(), &rows.to_be_bytes()].concat();
        self.0.write_all(&frame).map_err(unwritten)
    }

    /// Closes the backup with its digest.
    pub(super) fn end(mut self) -> Result<()> {
        self.0.write_all(b"Z").map_err(unwritten)?;
        let packed = self.0.into_inner().map_err(|error| unwritten(error.into_error()))?;
        let mut summed = packed.finish().map_err(unwritten)?;
        let digest = summed.sum.finalize();
        summed.inner.write_all(&digest).and_then(|()| summed.inner.flush()).map_err(unwritten)
    }
}

/// What comes next in a backup.
pub(super) enum Frame {
    Table { name: String, columns: Vec<String> },
    Row(Vec<Value>),
    EndOfTable(u64),
    End,
}

/// Reads the frames of a backup whose digest was found right.
pub(super) struct Reader<R: Read> {
    packed: BufReader<GzDecoder<R>>,
    /// How many values the rows of this table have.
    width: usize,
}

impl<R: Read> Reader<R> {
    /// From where the header has ended.
    pub(super) fn new(packed: R) -> Self {
        Self { packed: BufReader::new(GzDecoder::new(packed)), width: 0 }
    }

    pub(super) fn next(&mut self) -> Result<Frame> {
        Ok(match self.array::<1>()? {
            [b'T'] => {
                let name = self.text()?;
                self.width = u16::from_be_bytes(self.array()?).into();
                let columns = (0..self.width).map(|_| self.text()).collect::<Result<_>>()?;
                Frame::Table { name, columns }
            }
            [b'R'] => Frame::Row((0..self.width).map(|_| self.value()).collect::<Result<_>>()?),
            [b'E'] => Frame::EndOfTable(u64::from_be_bytes(self.array()?)),
            [b'Z'] => Frame::End,
            _ => return Err(broken()),
        })
    }

    fn value(&mut self) -> Result<Value> {
        Ok(match self.array::<1>()? {
            [0] => Value::Null,
            [1] => Value::Int(i64::from_be_bytes(self.array()?)),
            [2] => Value::Text(self.text()?),
            [3] => Value::Bytes(self.bytes()?),
            _ => return Err(broken()),
        })
    }

    fn text(&mut self) -> Result<String> {
        String::from_utf8(self.bytes()?).map_err(|_| broken())
    }

    fn bytes(&mut self) -> Result<Vec<u8>> {
        let length = u32::from_be_bytes(self.array()?);
        taken(&mut self.packed, length, VALUE_BYTES_MAX)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        self.packed.read_exact(&mut bytes).map_err(unread)?;
        Ok(bytes)
    }
}

/// Reads how a backup begins, and gives its header.
pub(super) fn header(file: &mut impl Read) -> Result<Vec<u8>> {
    let mut magic = [0; MAGIC.len()];
    let not_ours =
        || Error::invalid("file", "the file is no backup of Tongshi, or of a newer version's form");
    file.read_exact(&mut magic).map_err(|_| not_ours())?;
    if magic != MAGIC {
        return Err(not_ours());
    }
    let mut length = [0; 4];
    file.read_exact(&mut length).map_err(unread)?;
    taken(file, u32::from_be_bytes(length), HEADER_BYTES_MAX)
}

/// The digest of so many bytes.
pub(super) fn digest(file: impl Read, bytes: u64) -> Result<[u8; 32]> {
    let mut sum = Sha256::new();
    let mut file = file.take(bytes);
    let mut buffer = vec![0; 256 * 1024];
    loop {
        match file.read(&mut buffer).map_err(unread)? {
            0 => return Ok(sum.finalize().into()),
            count => sum.update(&buffer[..count]),
        }
    }
}

/// The file is not what it was when it was written.
pub(super) fn broken() -> Error {
    Error::invalid("file", "the backup is truncated or was altered; nothing was changed, take another one")
}

fn put(frame: &mut Vec<u8>, bytes: &[u8]) {
    // What is longer than this number no database of ours can hold.
    frame.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    frame.extend_from_slice(bytes);
}

fn taken(from: &mut impl Read, length: u32, length_max: u32) -> Result<Vec<u8>> {
    if length > length_max {
        return Err(broken());
    }
    // Memory grows with what is really there, not with what a number says.
    let mut bytes = Vec::new();
    let count = from.take(length.into()).read_to_end(&mut bytes).map_err(unread)?;
    if count == length as usize { Ok(bytes) } else { Err(broken()) }
}

fn unwritten(error: io::Error) -> Error {
    Error::unavailable("the backup cannot be written; is there room?").caused_by(error)
}

fn unread(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => broken(),
        _ => Error::unavailable("the backup cannot be read").caused_by(error),
    }
}
