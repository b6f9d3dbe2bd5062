mod accepted;
mod depth;
mod format;
mod robust;
mod round_trip;
mod trees;
