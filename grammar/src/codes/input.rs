//! Sources, sinks and codecs.

codes! {
    CONNECTOR_UNKNOWN = 500, "unknown connector",
"The option `connector` says where a stream's events come from, or where a sink's rows go. This one is not known.

Sources: `file`, `directory`, `stdin`, `tcp`, `http`, `generator`. Sinks: `file`, `stdout`, `print`, `webhook`, `tcp`, `blackhole`.

Wrong:  CREATE STREAM s WITH (connector = 'files', path = 'x.csv');
Right:  CREATE STREAM s WITH (connector = 'file', path = 'x.csv');";

    CONNECTOR_NOT_YET = 501, "connector not supported yet",
"The connector is known by name, but this version can't talk to it. Until it can, let the vendor's own tool write JSON lines into a
pipe, and read that.

Wrong:  CREATE STREAM s WITH (connector = 'kafka', topic = 'logins');
Right:  kcat -C -t logins | portent -q 'SELECT … FROM stdin …'";

    OPTION_UNKNOWN = 502, "unknown option",
"An option in WITH (…) is not one that this connector or format knows. Nothing is ignored in silence: a misspelt option
would otherwise leave a default in force. All options are in docs/connectors.md.

Wrong:  CREATE STREAM s WITH (connector = 'file', path = 'x.csv', csv.delimeter = ';');
Right:  CREATE STREAM s WITH (connector = 'file', path = 'x.csv', csv.delimiter = ';');";

    OPTION_VALUE = 503, "an option's value is not allowed",
"The option is known, its value isn't. The message says what is allowed.

Wrong:  … WITH (connector = 'file', path = 'x.csv', on_bad = 'ignore')
Right:  … WITH (connector = 'file', path = 'x.csv', on_bad = 'skip')";

    OPTION_MISSING = 504, "an option is missing",
"The connector or format needs an option that isn't given.

Wrong:  CREATE STREAM s WITH (connector = 'file');
Right:  CREATE STREAM s WITH (connector = 'file', path = 'x.csv');";

    OPTION_CONFLICT = 505, "options that do not go together",
"Two options contradict each other, or an option belongs to another connector or format than the one chosen.

Wrong:  … WITH (connector = 'file', path = 'x.jsonl', format = 'jsonl', csv.delimiter = ';')
Right:  … WITH (connector = 'file', path = 'x.csv', format = 'csv', csv.delimiter = ';')";

    FILE_NOT_FOUND = 506, "no such file",
"A file that is to be read doesn't exist. Relative paths count from the folder in which the command runs. Files with similar
names in the same folder are suggested.

Wrong:  … WITH (connector = 'file', path = 'login.csv')
Right:  … WITH (connector = 'file', path = 'logins.csv')";

    FILE_UNREADABLE = 507, "the file can't be opened",
"The path exists, but can't be read as a file: it is a folder, permission is missing, or the system refused.
To read all files of a folder, name them by a glob.

Wrong:  … WITH (connector = 'file', path = 'logs/')
Right:  … WITH (connector = 'file', path = 'logs/*.csv')";

    GLOB_EMPTY = 508, "no file matches the glob",
"The path has wildcards (`*`, `?`, `[…]`, `**`), and no file matches them. Quote it, so that the shell doesn't expand it, and
remember that `*` doesn't cross folders: `**` does.

Wrong:  … WITH (connector = 'file', path = 'logs/*.cvs')
Right:  … WITH (connector = 'file', path = 'logs/*.csv')";

    INPUT_EMPTY = 509, "the input is empty",
"There is nothing to infer columns from. Once its columns are declared, an empty file is a legal stream of no events.

Wrong:  CREATE STREAM s WITH (connector = 'file', path = 'empty.csv');
Right:  CREATE STREAM s (ts TIMESTAMP, user TEXT) WITH (connector = 'file', path = 'empty.csv');";

    FORMAT_UNKNOWN = 510, "the format can't be told",
"Neither the file's extension nor its content tells the format. Say it: `format = 'csv'`, `'jsonl'`, or `'log'` with a `log.pattern`.

Wrong:  … WITH (connector = 'file', path = 'auth.log')
Right:  … WITH (connector = 'file', path = 'auth.log', format = 'log',
                log.pattern = '^(?<ts>\\w+ +\\d+ [\\d:]+) (?<host>\\S+) (?<message>.*)$')";

    READ_FAILED = 511, "reading failed",
"The system reported an error in the midst of reading, or compressed data is damaged or cut off. The events before that place
have been read.

Wrong:  … WITH (connector = 'file', path = 'half-downloaded.csv.gz')
Right:  check the file (`gzip -t half-downloaded.csv.gz`), or fetch it again; `on_bad = 'skip'` keeps what could be read";

    COLUMN_NOT_IN_SOURCE = 512, "the source has no such column",
"A column of the stream is not in the CSV header, or not among the named groups of `log.pattern`. `FROM` tells the name in the
source where it differs from the column's; `missing_fields = 'null'` gives NULL for what isn't there.

Wrong:  CREATE STREAM s (amount DOUBLE) WITH (path = 'x.csv')      -- header: ts,Amount EUR
Right:  CREATE STREAM s (amount DOUBLE FROM 'Amount EUR') WITH (path = 'x.csv')";

    METADATA_UNKNOWN = 513, "unknown metadata",
"A METADATA column holds what the source knows about a row besides its content: `line` (BIGINT, from 1), `file` (TEXT), `offset`
(BIGINT, the byte at which the row begins, in the uncompressed file).

Wrong:  CREATE STREAM s (n BIGINT METADATA FROM 'row', …)
Right:  CREATE STREAM s (n BIGINT METADATA FROM 'line', …)";

    COLUMN_TYPE = 514, "a column's type doesn't fit its source",
"The source can't give values of this type for this column.

Wrong:  CREATE STREAM s (line DOUBLE METADATA, …)
Right:  CREATE STREAM s (line BIGINT METADATA, …)";

    LOG_PATTERN = 515, "log.pattern is not a usable regular expression",
"`log.pattern` is a regular expression with named groups, `(?<name>…)`; each group is a column of that name. The syntax is
that of Rust's regex crate: no look-around, no back-references.

Wrong:  log.pattern = '(\\S+) (.*)'
Right:  log.pattern = '(?<host>\\S+) (?<message>.*)'";

    TIME_FORMAT = 516, "the time format can't be used",
"`time.format` tells how the text or number of a TIMESTAMP column is read: `iso`, `epoch_s`, `epoch_ms`, `epoch_us`, `epoch_ns`, `syslog`,
`auto`, or a strptime format such as `%d/%b/%Y:%H:%M:%S %z`. `time.zone` is for values that have none: `UTC`, `+02:00`, `Europe/Berlin`.
`syslog` has no year: `time.year` tells it.

Wrong:  … WITH (path = 'auth.log', log.pattern = '…', time.format = 'syslog')
Right:  … WITH (path = 'auth.log', log.pattern = '…', time.format = 'syslog', time.year = 2017)";

    BAD_ROW_SHAPE = 520, "a row has the wrong number of cells",
"A CSV row has more or fewer cells than the header (or the first row). Often a delimiter stands in a cell without quotes, or
the last line is cut off.

Wrong:  1,Doe, John,5          -- header: id,name,n
Right:  1,\"Doe, John\",5

`on_bad = 'skip'` counts such rows and goes on; `missing_fields = 'null'` reads short rows as if their last cells were NULL.";

    BAD_ROW_VALUE = 521, "a value doesn't fit its column's type",
"A cell or field can't be read as the type of its column. Columns have one type: it is never guessed row by row.

Wrong:  delay,12 min           -- delay BIGINT
Right:  declare the column TEXT and convert in the query, or, if the text means \"no value\", say null = ('', 'NA', '-')";

    BAD_ROW_JSON = 522, "a line is not a JSON object",
"With `format = 'jsonl'` each line is one JSON object. This one is something else, or not JSON at all; the last line of a
file is often cut off.

Wrong:  [{\"a\": 1},
         {\"a\": 2}]
Right:  {\"a\": 1}
        {\"a\": 2}

A file that is one JSON array becomes lines by `jq -c '.[]' x.json`.";

    BAD_ROW_UTF8 = 523, "a row is not UTF-8",
"Text is read as UTF-8; this row has bytes that are none. The file is likely in Latin-1 or Windows-1252.

Wrong:  a file written in Windows-1252, read as it is
Right:  iconv -f WINDOWS-1252 -t UTF-8 x.csv > x.utf8.csv";

    BAD_ROW_TOO_LONG = 524, "a row is too long",
"A row is longer than `max_line_bytes` (16 MiB unless said), which guards the memory against a file without line ends.

Wrong:  … WITH (path = 'x.jsonl', max_line_bytes = 1000)       -- some objects are longer
Right:  … WITH (path = 'x.jsonl', max_line_bytes = 1000000)";

    BAD_ROW_QUOTE = 525, "a quoted cell is not closed",
"A CSV cell begins with a quote, and the closing one never comes, or comes later than `max_line_bytes`. Only the line with the
opening quote is given up; reading goes on with the line after it.

Wrong:  1,\"Doe
Right:  1,\"Doe\"

If quotes have no meaning in the file, say csv.quote = 'none'.";

    BAD_ROW_UNMATCHED = 526, "a line doesn't match log.pattern",
"Every line must match `log.pattern`, so that a pattern which misses events doesn't go unnoticed. If only some of the lines are events,
say `log.unmatched = 'skip'`: the others are counted apart, and are not errors.

Wrong:  log.pattern = 'Failed password for (?<user>\\S+)'                              -- other lines too
Right:  log.pattern = 'Failed password for (?<user>\\S+)', log.unmatched = 'skip'";

    BAD_ROW_NULL = 527, "a NOT NULL column has no value",
"A column declared NOT NULL has no value in this row: the cell is empty or spelled as NULL, or the field is absent.

Wrong:  id,user
        7,                     -- user TEXT NOT NULL
Right:  declare it `user TEXT`, or on_bad = 'skip' to leave such rows out";

    BAD_ROW_UNKNOWN_FIELD = 528, "a row has a field that no column is for",
"With `unknown_fields = 'error'` every field of the input must have its column. (The default for JSON is to ignore others.)

Wrong:  {\"user\": \"a\", \"usr\": \"b\"}       -- columns: user
Right:  declare the column, or unknown_fields = 'ignore'";

    BAD_ROW_MISSING_FIELD = 529, "a row lacks a field",
"With `missing_fields = 'error'` every column must have its field in each row. (The default for JSON is NULL.)

Wrong:  {\"user\": \"a\"}                     -- columns: user, ip
Right:  missing_fields = 'null'";

    DLQ = 530, "the file for bad rows can't be written",
"With `on_bad = 'dlq'` rows that can't be read are written to `dlq.path`, as JSON lines of file, line, error and raw text. That file
can't be opened or written.

Wrong:  … on_bad = 'dlq', dlq.path = '/no/such/folder/bad.jsonl'
Right:  … on_bad = 'dlq', dlq.path = 'bad.jsonl'";

    MERGE_TIME = 531, "the files can't be merged by time",
"`merge = 'time'` reads all files of a stream side by side and takes the earliest event first. It needs an event-time column that
stands in the files (not a computed one), and holds every file open.

Wrong:  CREATE STREAM s (user TEXT) WITH (path = ('a.csv', 'b.csv'), merge = 'time')
Right:  CREATE STREAM s (ts TIMESTAMP, user TEXT, WATERMARK FOR ts AS ts) WITH (path = ('a.csv', 'b.csv'), merge = 'time')";

    STDIN_TWICE = 532, "standard input is read twice",
"Standard input can be read once only, so only one stream can have it.

Wrong:  CREATE STREAM a WITH (connector = 'stdin', …); CREATE STREAM b WITH (connector = 'stdin', …);
Right:  one stream `a` from stdin; let queries select from it what they want";

    LIVE_ONLY = 533, "the source never ends",
"A stream of `connector = 'tcp'` or `'http'`, or of a file with `follow = true`, has no end: events come as long as somebody sends them.
`portent run` and `portent -q` read inputs that end, and so do SELECT statements that print their rows. `portent serve` and the shell read those that don't.

Wrong:  portent run q.sql               -- with a stream WITH (connector = 'tcp', listen = '127.0.0.1:9000')
Right:  portent serve q.sql
Right:  nc -lk 9000 | portent run q.sql -- with connector = 'stdin'";

    SECRET = 534, "a secret can't be read",
"In the options of a stream or sink `${env:NAME}` stands for a variable of the environment, and `${file:PATH}` for what is in a file (without the
line end behind it). They are read when the stream or sink is opened, and shown nowhere. This one isn't there, or isn't closed by a brace.

Wrong:  header.Authorization = 'Bearer ${env:TOKN}'
Right:  header.Authorization = 'Bearer ${env:TOKEN}'
Right:  header.Authorization = 'Bearer ${file:/run/secrets/token}'";

    REMOTE_ADDRESS = 535, "an address that others can reach needs leave",
"Whoever reaches the address can send events, and nobody asks who it is. So a stream listens to this machine only, unless `allow_remote = true`
says that others may come, too.

Wrong:  … WITH (connector = 'tcp', listen = '0.0.0.0:9000')
Right:  … WITH (connector = 'tcp', listen = '127.0.0.1:9000')
Right:  … WITH (connector = 'tcp', listen = '0.0.0.0:9000', allow_remote = true)  -- behind a firewall";

    CONNECTION = 536, "no connection",
"An address can't be listened to or connected with: it is none, another program has it, nobody answers, or the connection broke. Streams and sinks with
`connect` or `address` try again by themselves, after `retry.initial`, then longer, up to `retry.max`.

Wrong:  … WITH (connector = 'tcp', listen = '127.0.0.1')
Right:  … WITH (connector = 'tcp', listen = '127.0.0.1:9000')";

    SINK_OPEN = 540, "the sink can't be opened",
"The file of a sink can't be created: its folder doesn't exist, permission is missing, or the path is a folder.

Wrong:  CREATE SINK k WITH (connector = 'file', path = 'out/');
Right:  CREATE SINK k WITH (connector = 'file', path = 'out/alerts.jsonl');";

    WRITE_FAILED = 541, "writing failed",
"The system refused a write: the disk is full, the quota used up, or the device gone. What was written before is there; the last row may
be cut off.

Wrong:  writing to a file system that is full
Right:  make room, then run again with mode = 'truncate' (the same input gives the same rows, with the same match ids)";

    PIPE_CLOSED = 542, "the reader has gone",
"The program that read the output has ended (`portent run q.sql | head -3`). There is nobody left to write to, so the run ends.

Wrong:  portent run q.sql | head -3        -- if all rows were wanted
Right:  portent run q.sql > out.jsonl";

    SINK_UNDELIVERED = 543, "rows were not delivered",
"When a run ends, a sink that delivers over the network has the time of the option `drain` for the rows that still wait in its queue. Those that the
receiver didn't take by then are lost; the message tells how many, and why the last attempt failed.

Wrong:  … WITH (connector = 'webhook', url = 'http://localhost:9', drain = '1 second')   -- and nobody listens
Right:  … WITH (connector = 'webhook', url = 'http://localhost:8080/alerts', dlq.path = 'undelivered.jsonl')";

    SINK_REFUSED = 544, "the receiver refused rows",
"The receiver of a webhook answered that it will not take these rows, whenever they come (a status of 3xx or 4xx, other than 408 and 429), or
`retry.attempts` attempts failed. Such rows are not tried again. With `dlq.path` they are written there; else they are counted, and lost.

Wrong:  header.Authorization = 'Bearer expired'      -- 401
Right:  … dlq.path = 'refused.jsonl'                  -- to look at them, and to send them again";

    GENERATOR_KIND = 545, "unknown kind of generated events",
"The generator makes streams of certain kinds: logins, payments, trades, machine_temperature, orders, shipments, clicks, deliveries,
typed, ticks. Each has a fixed schema and patterns planted in it; see docs/connectors.md.

Wrong:  CREATE STREAM s WITH (connector = 'generator', kind = 'login');
Right:  CREATE STREAM s WITH (connector = 'generator', kind = 'logins');";

    GENERATOR_COLUMNS = 546, "the columns are not those of the generator",
"A generated stream has the columns of its kind. Leave the column list away, or name columns of that kind with their types.

Wrong:  CREATE STREAM s (username TEXT) WITH (connector = 'generator', kind = 'logins');
Right:  CREATE STREAM s WITH (connector = 'generator', kind = 'logins');";

    OWN_CONNECTOR = 547, "a connector can't have this name",
"A program's own connectors are named in WITH (connector = '…') like the built-in ones: letters, digits, _, - and ., and each name once. One that
is known by name only (kafka) can be brought along; one that works can't be replaced.

Wrong:  session.add_connector(OwnConnector::new(\"file\"))
Right:  session.add_connector(OwnConnector::new(\"my-queue\"))";

    OWN_FAILED = 548, "a program's own connector failed",
"The code that a program brought along to read or write says so itself: the sentence is its own. It is no error of the statement.

Mend:  what the sentence says; or the code of the connector.";

    POSITION = 549, "the source can't go on where it was",
"In a session that keeps a log it is known how far each source is, and after a restart it goes on from there. Here it can't: the file that it was reading is another
one now, the place that was kept is damaged, or a later version wrote it. Nothing is read: to begin again at the beginning would give events a second time,
and to go on elsewhere would leave some out.

Wrong:  mv other.csv events.csv               -- while the daemon is down, in the midst of events.csv
Right:  put the file back; or, to read the new one from its beginning: DROP STREAM s; CREATE STREAM s …";
}
