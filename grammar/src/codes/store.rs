//! The event log on disk, its catalog and checkpoints, and the commands that look into them.

codes! {
    LOG_FOLDER = 700, "there is no such directory",
"A log is a directory of files that end in .plog. What was named is not there, or is a file. Reading commands never make a directory; `portent log
import` does.

Wrong:  portent log list /var/lib/portnet/log
Right:  portent log list /var/lib/portent/log";

    LOG_NONE = 701, "the directory holds no log",
"A log has at least one segment: a file whose name is a position in 20 digits, and that ends in .plog. There is none in this directory. The log may
lie in a directory below it; the message names one if there is. `portent log import` begins a log in a directory that is new or empty, and never in
one that holds other things.

Wrong:  portent log list .                    (and the segments are in ./log)
Right:  portent log list log";

    LOG_IO = 702, "the system refused something while a log was used",
"A file of the log could not be opened, read or written; the message has the system's own words. Often the user that runs the command may not read the
directory: the daemon's files belong to the daemon's user.

Wrong:  portent log list /var/lib/portent/log                    (permission denied)
Right:  sudo -u portent portent log list /var/lib/portent/log";

    STORE_FULL = 703, "there is no room on the disk",
"Nothing of what was to be appended was taken, and all before stays as it was: a full disk never damages a log. When there is room again, the same may be
tried again. The log may also be configured to leave some space free, and then refuses before the disk is full.

Wrong:  removing segments by hand while a process writes the log
Right:  letting retention remove them, or freeing space elsewhere";

    STORE_LOCKED = 704, "another process uses the directory",
"One process at a time writes a log, and one has the catalog (meta.redb) open. The lock file holds its process number. The lock goes when the process does,
however it ends: a lock file that is left over locks nothing, and need not be removed. `portent log list`, `print`, `verify` and `export` only read, and
work while another process writes. `portent log import` writes; `portent checkpoint` reads the catalog, which its database lets one process open at a time.

Wrong:  portent log import DIR --stream logins more.jsonl        (while the daemon runs)
Right:  stop the daemon, import, start it again; or post the events to the daemon
Right:  cp -r DIR copy && portent checkpoint list copy           (of a daemon that is stopped)";

    LOG_POISONED = 705, "the disk could not be brought up to date",
"A sync failed. After that nobody knows which of the written pages are on the disk: the system may have dropped them. So the log takes nothing more until it
is opened again, which reads what is there and writes its unsynced end once more. The disk should be looked at first.

Wrong:  going on as if the sync had worked
Right:  looking at the system's log (dmesg), and opening the log again";

    LOG_DAMAGED = 706, "the log is damaged",
"Something that was on the disk for certain is not there any more, or is not what was written: a checksum does not match, a file is cut short or missing. The
message has the file, the place in it and the positions that are affected; `portent log verify DIR` names all such places. (An end that a crash left half
written is no damage: it was never promised, and the next opening cuts it off.)

Wrong:  editing the file, or removing it
Right:  restoring the file from a copy
Right:  portent log export DIR --skip-damaged -O rest.jsonl      what can still be read
Right:  opening with on_damage = 'truncate', which keeps what it cuts off in files that end in .damaged";

    STORE_NEWER = 707, "the file was written by a later version",
"Each file says which version of its format it has, and what a later program wrote is not guessed at. Earlier versions are read for ever.

Wrong:  going back to an older portent over the same directory
Right:  using the version that wrote it, or a later one";

    LOG_GONE = 708, "the position is no longer in the log",
"Retention has removed the segment that held it, whole segments at a time. Positions are never given twice. `portent log list` shows which positions are there.

Wrong:  portent log print DIR --from 0                           (and the log begins at 50000)
Right:  portent log print DIR                                    from the first that is there";

    LOG_BEYOND = 709, "the position is not in the log yet",
"Positions are given one after the other, and this one has not been given. If it was there once, the log was cut since: by a repair after damage, or because
a copy was put in its place.

Wrong:  portent log print DIR --from 1000000                     (and the log ends at 50000)
Right:  portent log list DIR                                     tells which positions there are";

    LOG_TOO_LARGE = 710, "more than a log can hold in one piece",
"A single event or marker may have at most 256 MiB.

Wrong:  a column that holds a whole archive
Right:  a column that holds its path";

    LOG_UNWRITABLE = 711, "a value has no place in the log's format",
"The format holds all values of the language; arrays and JSON may be at most 512 deep.

Wrong:  JSON that is 1,000 arrays in each other
Right:  JSON of a sensible depth, or the text of it in a TEXT column";

    LOG_COLUMNS = 712, "a block doesn't fit the columns of its stream",
"A block of events has another number of columns than the stream that it is appended to. If the stream's columns have changed, it must be defined again: the log
then keeps both generations, and reads each block by its own.

Wrong:  log.append of three columns to a stream of two
Right:  log.define(\"logins\", &columns, now)?, and then events of these columns";

    LOG_UNKNOWN = 713, "the log has no such stream",
"No events of a stream of this name are in the log. Names are compared exactly. `portent log streams` lists them with their columns.

Wrong:  portent log export DIR --stream Logins
Right:  portent log export DIR --stream logins";

    LOG_CLOSED = 714, "the log is closed",
"A log that was closed takes and gives nothing more.

Wrong:  log.close()?; log.append(…)
Right:  Log::open(…)?.0.append(…)";

    META_NONE = 720, "there are no checkpoints",
"Checkpoints lie in the file meta.redb of the data directory, and this directory has none. Nothing has ever been written there, or it is another directory.

Wrong:  portent checkpoint list /var/lib/portent/log             (and meta.redb is one above)
Right:  portent checkpoint list /var/lib/portent";

    META_DAMAGED = 721, "an entry of the catalog is damaged",
"Each value in meta.redb has a checksum over itself and its key, and this one does not match. A damaged checkpoint is passed over in favour of the one before
it, and the log is replayed from there: it takes longer, and gives the same.

Wrong:  removing meta.redb, which also holds how far consumers and sources are
Right:  restoring meta.redb from a copy
Right:  going on with the checkpoint before";

    NO_CHECKPOINT = 722, "there is no such checkpoint",
"The last two checkpoints are kept, under numbers that only grow. `portent checkpoint list` shows them.

Wrong:  portent checkpoint show DIR 1                            (and 17 and 18 are there)
Right:  portent checkpoint show DIR                              the newest";

    META_DATABASE = 723, "the catalog can't be read or written",
"The database in meta.redb refused something; the message has its own words. A file that is cut short or is no database at all is told in this way, too.

Wrong:  copying meta.redb while a process writes it
Right:  copying it while no process has it open";

    CHECKPOINT_POSITION = 724, "a checkpoint and the log don't go together",
"Replay begins at the position of a checkpoint, and the log of the same directory doesn't have it: it begins later, or ends before. Then the log was cut or lost
segments after the checkpoint was made, or one of the two was restored from a copy of another time.

Wrong:  restoring meta.redb without the log that belongs to it
Right:  restoring both from the same copy";

    EXPORT_STREAMS = 730, "which stream?",
"An export has the columns of one stream, so that it can be read back as one. This log holds several: name one, or ask for all of them with three more columns
that tell them apart.

Wrong:  portent log export DIR
Right:  portent log export DIR --stream logins
Right:  portent log export DIR --with-position                   _position, _arrival and _stream stand first";

    POSITION_COLUMNS = 731, "the columns of --with-position stand in the way",
"`--with-position` puts the columns _position, _arrival and _stream before those of the stream. A stream that has a column of such a name can't be exported in
this way. Nor is such an export taken in again: positions and times of arrival are given by the log, and its lines may be of several streams.

Wrong:  portent log export A --with-position -O all.jsonl; portent log import B --stream logins all.jsonl
Right:  portent log export A --stream logins -O logins.jsonl; portent log import B --stream logins logins.jsonl";

    IMPORT_COLUMNS = 732, "columns that a log can't hold",
"The columns of an import are plain columns, names and types: no computed ones, no metadata, no constraint and no WATERMARK. What a query needs of that is said by
the CREATE STREAM that reads the events.

Wrong:  --columns 'ts TIMESTAMP, day AS EXTRACT(day FROM ts)'
Right:  --columns 'ts TIMESTAMP, \"user\" TEXT'";

    MATCHES_UNWRITTEN = 740, "more matches wait for the disk than the daemon may hold",
"Matches are written in blocks, and the disk took none for so long that 256 MiB of them waited in memory. From then on matches may be missing for those who read them
now, and no checkpoint is taken any more: so none is lost for good. After a restart the log of inputs is read again from the last checkpoint, which gives them all
again, with the same numbers.

Wrong:  going on with a disk that is full
Right:  seeing to the disk, and starting the daemon again";

    MATCH_NUMBERS = 741, "the checkpoint does not say which numbers the matches had",
"A checkpoint of the daemon holds the number of the next match of each query. What stands there is not what this version writes.

Wrong:  going back to an older portent over the same directory
Right:  using the version that wrote it, or a later one";
}
