mod accepted;
mod depth;
