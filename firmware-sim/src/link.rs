//! Links by name: files, pipes, TCP, Unix sockets, serial devices.
//!
//! | name | is |
//! |--|--|
//! | `-` | standard input or output |
//! | `tcp://HOST:PORT` | a connection to somebody who listens |
//! | `tcp-listen://HOST:PORT` | the first connection that somebody makes; without HOST, from anywhere |
//! | `tcp://connect/PORT/HOST`, `tcp://listen/PORT`, `tcp://listen/PORT/HOST` | the same as FlashCam's software calls them |
//! | `unix://PATH`, `unix-listen://PATH` | the same with a socket in the file system |
//! | `serial://DEVICE?baud=N` | a serial device, 8 bits, no parity, 1 stop bit; 115200 baud where none are given |
//! | anything else | a file or a named pipe |

use std::borrow::Cow;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

/// Baud of a serial device where none are given.
const BAUD: u32 = 115_200;
/// A serial device that says nothing for so long is asked again.
const PATIENCE: Duration = Duration::from_millis(500);

/// What a name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Name<'a> {
    Standard,
    Tcp(Cow<'a, str>),
    TcpListen(Cow<'a, str>),
    Unix(&'a str),
    UnixListen(&'a str),
    Serial(&'a str, u32),
    File(&'a str),
}

fn invalid(text: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, text)
}

fn parse(name: &str) -> io::Result<Name<'_>> {
    if name == "-" {
        return Ok(Name::Standard);
    }
    let Some((scheme, rest)) = name.split_once("://") else { return Ok(Name::File(name)) };
    match scheme {
        "tcp" => tcp(rest),
        "tcp-listen" => Ok(Name::TcpListen(rest.into())),
        "unix" => Ok(Name::Unix(rest)),
        "unix-listen" => Ok(Name::UnixListen(rest)),
        "serial" => {
            let Some((device, options)) = rest.split_once('?') else {
                return Ok(Name::Serial(rest, BAUD));
            };
            let baud = options.strip_prefix("baud=").and_then(|text| text.parse().ok());
            let bad = || invalid(format!("'{options}' is not baud=NUMBER"));
            Ok(Name::Serial(device, baud.ok_or_else(bad)?))
        }
        "file" | "lockedfile" => Ok(Name::File(rest)),
        other => Err(invalid(format!(
            "'{other}://' is no link; known are tcp, tcp-listen, unix, unix-listen, serial, and paths"
        ))),
    }
}

/// An address, or port and host in FlashCam's order.
fn tcp(rest: &str) -> io::Result<Name<'_>> {
    let Some((what, place)) = rest.split_once('/') else { return Ok(Name::Tcp(rest.into())) };
    let (port, host) = place.split_once('/').unwrap_or((place, ""));
    let bad = || {
        invalid(format!("'tcp://{rest}': expected tcp://connect/PORT/HOST or tcp://listen/PORT"))
    };
    port.parse::<u16>().map_err(|_| bad())?;
    match (what, host) {
        ("listen", host) => Ok(Name::TcpListen(format!("{host}:{port}").into())),
        ("connect", host) if !host.is_empty() => Ok(Name::Tcp(format!("{host}:{port}").into())),
        _ => Err(bad()),
    }
}

/// Whether a link of this name does not end by itself.
pub fn is_live(name: &str) -> bool {
    !matches!(parse(name), Ok(Name::File(_) | Name::Standard))
}

/// Whether a name is that of a link other than a file.
pub fn is_link(name: &str) -> bool {
    !matches!(parse(name), Ok(Name::File(_)))
}

fn serial(device: &str, baud: u32) -> io::Result<Box<dyn serialport::SerialPort>> {
    serialport::new(device, baud).timeout(PATIENCE).open().map_err(io::Error::from)
}

/// The first connection to an address; says where it listens when the port was left to the system.
fn accept(address: &str) -> io::Result<TcpStream> {
    let listener = match address.strip_prefix(':') {
        Some(port) => TcpListener::bind(format!("0.0.0.0:{port}"))?,
        None => TcpListener::bind(address)?,
    };
    if address.ends_with(":0") {
        eprintln!("tierline: listening on {}", listener.local_addr()?);
    }
    Ok(listener.accept()?.0)
}

#[cfg(unix)]
fn unix(path: &str, listen: bool) -> io::Result<std::os::unix::net::UnixStream> {
    use std::os::unix::net::{UnixListener, UnixStream};
    if !listen {
        return UnixStream::connect(path);
    }
    let accepted = UnixListener::bind(path)?.accept();
    // The name has done its work, and would be in the way of the next one.
    let _ = std::fs::remove_file(path);
    Ok(accepted?.0)
}

/// A serial device: silence is no end.
struct Patient(Box<dyn serialport::SerialPort>);

impl Read for Patient {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.0.read(buffer) {
                Err(e) if e.kind() == io::ErrorKind::TimedOut => {}
                other => return other,
            }
        }
    }
}

/// Room of a pipe, bytes: as much as Linux gives to anybody.
#[cfg(target_os = "linux")]
const PIPE: usize = 1 << 20;

/// Makes a pipe as large as it may be, so that reader and writer take turns less often. What is no pipe stays as it is.
#[cfg(target_os = "linux")]
fn widen(pipe: impl std::os::fd::AsFd) {
    let _ = rustix::pipe::fcntl_setpipe_size(pipe, PIPE);
}

#[cfg(not(target_os = "linux"))]
fn widen<T>(_: T) {}

/// Opens a link to read from; waits where somebody has to connect.
///
/// # Errors
/// Those of the system, and for names that mean nothing.
pub fn open(name: &str) -> io::Result<Box<dyn Read + Send>> {
    Ok(match parse(name)? {
        Name::Standard => {
            widen(io::stdin());
            Box::new(io::stdin())
        }
        Name::Tcp(address) => Box::new(TcpStream::connect(&*address)?),
        Name::TcpListen(address) => Box::new(accept(&address)?),
        #[cfg(unix)]
        Name::Unix(path) => Box::new(unix(path, false)?),
        #[cfg(unix)]
        Name::UnixListen(path) => Box::new(unix(path, true)?),
        #[cfg(not(unix))]
        Name::Unix(_) | Name::UnixListen(_) => return Err(io::ErrorKind::Unsupported.into()),
        Name::Serial(device, baud) => Box::new(Patient(serial(device, baud)?)),
        Name::File(path) => {
            let file = File::open(path)?;
            if file.metadata()?.is_dir() {
                return Err(io::Error::other("it is a directory"));
            }
            widen(&file);
            Box::new(file)
        }
    })
}

/// Opens a link to write to; waits where somebody has to connect. A file that exists is refused unless `overwrite`; a named pipe
/// or device is written to.
///
/// # Errors
/// Those of the system, and for names that mean nothing.
pub fn create(name: &str, overwrite: bool) -> io::Result<Box<dyn Write + Send>> {
    Ok(match parse(name)? {
        Name::Standard => Box::new(io::stdout()),
        Name::Tcp(address) => Box::new(TcpStream::connect(&*address)?),
        Name::TcpListen(address) => Box::new(accept(&address)?),
        #[cfg(unix)]
        Name::Unix(path) => Box::new(unix(path, false)?),
        #[cfg(unix)]
        Name::UnixListen(path) => Box::new(unix(path, true)?),
        #[cfg(not(unix))]
        Name::Unix(_) | Name::UnixListen(_) => return Err(io::ErrorKind::Unsupported.into()),
        Name::Serial(device, baud) => Box::new(serial(device, baud)?),
        Name::File(path) => {
            let plain = Path::new(path).metadata().is_ok_and(|m| m.is_file());
            if plain && !overwrite {
                return Err(io::Error::new(
                    io::ErrorKind::AlreadyExists,
                    "it exists; --overwrite replaces it",
                ));
            }
            Box::new(OpenOptions::new().write(true).create(true).truncate(true).open(path)?)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_they_are() {
        assert_eq!(parse("run.rec").unwrap(), Name::File("run.rec"));
        for daq in ["tcp://daq:4000", "tcp://connect/4000/daq"] {
            assert_eq!(parse(daq).unwrap(), Name::Tcp("daq:4000".into()));
        }
        for any in ["tcp-listen://:4000", "tcp://listen/4000"] {
            assert_eq!(parse(any).unwrap(), Name::TcpListen(":4000".into()));
        }
        let serial = parse("serial:///dev/ttyUSB0?baud=921600").unwrap();
        assert_eq!(serial, Name::Serial("/dev/ttyUSB0", 921_600));
        assert_eq!(parse("serial:///dev/tty").unwrap(), Name::Serial("/dev/tty", BAUD));
        for bad in
            ["udp://a:1", "serial:///dev/tty?parity=odd", "tcp://connect/1", "tcp://listen/a"]
        {
            assert!(parse(bad).is_err(), "{bad}");
        }
        assert!(!is_link("a/b.fcio") && is_link("tcp://a:1"));
    }

    #[test]
    #[cfg(unix)]
    fn bytes_pass_a_serial_line() {
        use serialport::SerialPort;
        let (mut master, slave) = serialport::TTYPort::pair().unwrap();
        let device = slave.name().unwrap();
        drop(slave);
        let name = format!("serial://{device}?baud=9600");
        let mut link = open(&name).unwrap();
        assert!(is_live(&name) && !is_live("run.rec"));
        let writer = std::thread::spawn(move || {
            std::thread::sleep(PATIENCE + Duration::from_millis(100));
            master.write_all(b"\0hello").unwrap();
            master
        });
        let mut got = [0; 6];
        link.read_exact(&mut got).unwrap();
        assert_eq!(&got, b"\0hello");
        drop(writer.join().unwrap());
    }
}
