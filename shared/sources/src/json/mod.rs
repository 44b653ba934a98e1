//! JSON: one object per line, one array of objects, or the objects of an answer.

mod answer;
mod array;
mod lines;
mod object;
mod table;

pub(crate) use self::answer::batch_of;
pub(crate) use self::array::read as read_array;
pub(crate) use self::lines::read as read_lines;
pub(crate) use self::object::text_of;
