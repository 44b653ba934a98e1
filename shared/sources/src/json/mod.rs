//! JSON: one object per line, or one array of objects.

mod array;
mod lines;
mod object;
mod table;

pub(crate) use self::array::read as read_array;
pub(crate) use self::lines::read as read_lines;
