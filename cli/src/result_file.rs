use std::fs::{File, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tempfile::NamedTempFile;

/// Who may read and write a new file, before the user's own mask.
const NEW_FILE: u32 = 0o666;

/// A file for a result: it takes its name when it is whole, so that a query which fails half-way
/// leaves what was there before. A device or pipe (`/dev/stdout`) is written directly.
#[derive(Debug)]
pub(crate) enum ResultFile {
    Whole { unnamed: NamedTempFile, path: PathBuf },
    Direct(File),
}

impl ResultFile {
    pub(crate) fn create(path: &Path) -> Result<Self> {
        let cannot = || format!("{} cannot be written", path.display());
        if path.metadata().is_ok_and(|there| !there.is_file()) {
            return Ok(Self::Direct(File::create(path).with_context(cannot)?));
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let unnamed = tempfile::Builder::new()
            .permissions(Permissions::from_mode(NEW_FILE))
            .tempfile_in(folder.unwrap_or(Path::new(".")))
            .with_context(cannot)?;
        Ok(Self::Whole { unnamed, path: path.to_owned() })
    }

    /// Gives the file its name.
    pub(crate) fn finish(self) -> Result<()> {
        match self {
            Self::Whole { unnamed, path } => {
                unnamed
                    .persist(&path)
                    .with_context(|| format!("{} cannot be written", path.display()))?;
            }
            Self::Direct(mut file) => file.flush()?,
        }
        Ok(())
    }
}

impl Write for ResultFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self {
            Self::Whole { unnamed, .. } => unnamed.write(bytes),
            Self::Direct(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self {
            Self::Whole { unnamed, .. } => unnamed.flush(),
            Self::Direct(file) => file.flush(),
        }
    }
}
