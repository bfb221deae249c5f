/* Parsers of DAQ streams, rows, sample codecs and record links for C. Written by cbindgen from the sources of
 * tierline-core-ffi: change those.
 *
 * All memory is the caller's. The library allocates nothing, keeps no pointer that it is handed but that of the object
 * itself, and can't panic. Objects are memory of TIERLINE_..._ROOM bytes, aligned to TIERLINE_ALIGN; two threads may use two
 * objects, but not one.
 */

#ifndef TIERLINE_H
#define TIERLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Done; of a parser: here is a part.
#define TIERLINE_ITEM 0

// More bytes are needed; how many is in the answer.
#define TIERLINE_NEED 1

// The stream is over.
#define TIERLINE_END 2

// Bytes that belong to no packet, or to one that broke off.
#define TIERLINE_GARBAGE 3

// The stream ends inside a packet.
#define TIERLINE_TRUNCATED -1

// Bytes that belong to no packet.
#define TIERLINE_RESYNC -2

// A field contradicts the layout or another field.
#define TIERLINE_MALFORMED -3

// Well formed, but nothing here decodes it.
#define TIERLINE_UNSUPPORTED -4

// A size or count above what is accepted.
#define TIERLINE_LIMIT -5

// A pointer is NULL that must not be.
#define TIERLINE_NULL -16

// The memory handed in is too small.
#define TIERLINE_ROOM -17

// The memory handed in is not aligned to TIERLINE_ALIGN bytes.
#define TIERLINE_ALIGNMENT -18

// The object was never made, or is of another kind.
#define TIERLINE_STATE -19

// An argument has no meaning: an unknown number, bytes outside the window, memory that overlaps.
#define TIERLINE_ARGUMENT -20

// The error reaches this packet only.
#define TIERLINE_SCOPE_PACKET 0

// Nothing after this point can be trusted: the stream is over.
#define TIERLINE_SCOPE_STREAM 1

// Alignment of the memory of every object, bytes.
#define TIERLINE_ALIGN 8

// Memory for the parser of any format, bytes.
#define TIERLINE_PARSER_ROOM 4352

// Memory for an FCIO parser, bytes.
#define TIERLINE_FCIO_PARSER_ROOM 192

// Memory for the rows of an FCIO stream, bytes.
#define TIERLINE_FCIO_ROWS_ROOM 227328

// Memory for an ORCA parser, bytes.
#define TIERLINE_ORCA_PARSER_ROOM 2816

// Memory for the rows of an ORCA stream, bytes.
#define TIERLINE_ORCA_ROWS_ROOM 1993216

// Memory for a LLAMA parser, bytes.
#define TIERLINE_LLAMA_PARSER_ROOM 4288

// Memory for the rows of a LLAMA stream, bytes.
#define TIERLINE_LLAMA_ROWS_ROOM 49280

// Memory for a CoMPASS parser, bytes.
#define TIERLINE_COMPASS_PARSER_ROOM 160

// Memory for the rows of a CoMPASS stream, bytes.
#define TIERLINE_COMPASS_ROWS_ROOM 192

// A record begins; no content.
#define TIERLINE_STAGE_BEGIN 0

// The whole packet.
#define TIERLINE_STAGE_WHOLE 1

// Fields before the samples.
#define TIERLINE_STAGE_HEAD 2

// Samples, or a slice of another bulk field.
#define TIERLINE_STAGE_TRACE 3

// Fields after the samples.
#define TIERLINE_STAGE_TAIL 4

// A piece of a text header.
#define TIERLINE_STAGE_TEXT 5

// The record is complete; no content.
#define TIERLINE_STAGE_END 6

// No decoder of the format handles this packet.
#define TIERLINE_NO_DECODER 255

// Boolean, one byte 0 or 1.
#define TIERLINE_TYPE_BOOL 0

// Unsigned 8-bit integer.
#define TIERLINE_TYPE_U8 1

// Unsigned 16-bit integer.
#define TIERLINE_TYPE_U16 2

// Unsigned 32-bit integer.
#define TIERLINE_TYPE_U32 3

// Unsigned 64-bit integer.
#define TIERLINE_TYPE_U64 4

// Signed 32-bit integer.
#define TIERLINE_TYPE_I32 5

// Signed 64-bit integer.
#define TIERLINE_TYPE_I64 6

// 32-bit float.
#define TIERLINE_TYPE_F32 7

// 64-bit float.
#define TIERLINE_TYPE_F64 8

// Text.
#define TIERLINE_TYPE_TEXT 9

// Only of values: consecutive elements, little-endian; appended to a vector, or the whole of a fixed-size cell.
#define TIERLINE_TYPE_ARRAY 10

// Only of values: one element of a text array.
#define TIERLINE_TYPE_LABEL 11

// Only of values: a struct, which may stay empty.
#define TIERLINE_TYPE_STRUCT 12

// Only of values: the text configuration itself.
#define TIERLINE_TYPE_DOCUMENT 13

// One value per row.
#define TIERLINE_SHAPE_ONE 0

// A fixed number of values.
#define TIERLINE_SHAPE_FIXED 1

// Samples; their number is one of the table's lengths.
#define TIERLINE_SHAPE_SAMPLES 2

// Any number of values.
#define TIERLINE_SHAPE_ANY 3

// Samples as they are.
#define TIERLINE_CODEC_RAW 0

// Differences as variable-length bytes: least work.
#define TIERLINE_CODEC_ULEB 1

// Differences in as many bits as the largest of 16 needs.
#define TIERLINE_CODEC_PACK16 2

// Differences in Rice codes with a parameter for 32: smallest.
#define TIERLINE_CODEC_RICE32 3

// Records as they are.
#define TIERLINE_FRAMING_NONE 0

// For links that may lose bytes: COBS of the record and its CRC-32, then 0x00.
#define TIERLINE_FRAMING_COBS 1

// For links that don't: magic, length, record, CRC-32.
#define TIERLINE_FRAMING_LENGTH 2

// The shortest record that a front end can be limited to, bytes.
#define TIERLINE_RECORD_MIN 512

// Memory for a front end, bytes.
#define TIERLINE_FRONT_END_ROOM 384

// Longest name of a source, bytes.
#define TIERLINE_SOURCE_MAX 64

// A format, known by its address: &tierline_compass and the others.
typedef struct tierline_format tierline_format;

// A front end, in memory of the caller.
typedef struct tierline_front_end tierline_front_end;

// A parser, in memory of the caller.
typedef struct tierline_parser tierline_parser;

// What makes rows of a format, known by its address: &tierline_compass_rows and the others.
typedef struct tierline_row_format tierline_row_format;

// What makes rows of the parts of one stream, in memory of the caller.
typedef struct tierline_rows tierline_rows;

// Text: `len` bytes of UTF-8, no NUL after them.
typedef struct tierline_text {
  // The first byte.
  const char *at;
  // Number of bytes.
  size_t len;
} tierline_text;

// Identifies the buffer that a row goes to: a channel, or a named stream of housekeeping.
typedef struct tierline_key {
  // Channel number, or id of the stream.
  uint64_t id;
  // Second number, where the scheme has one.
  uint32_t sub;
  // Naming scheme; 0 is a plain channel number.
  uint8_t space;
} tierline_key;

// A piece of a packet.
typedef struct tierline_part {
  // Number of the packet in the stream, from 0.
  uint64_t packet;
  // Byte offset of the packet's first byte in the stream.
  uint64_t offset;
  // Place of the bytes in the window.
  size_t at;
  // Number of bytes.
  size_t len;
  // Record tag or data id as the stream has it.
  uint32_t kind;
  // Number of the data frame or field group within the record.
  uint32_t frame;
  // Number of the trace, card or event within the packet.
  uint32_t index;
  // Byte offset of this piece within its trace or frame; in a whole packet, where its samples begin, 0 where it has none.
  uint32_t first;
  // Record tag inside a packet that wraps another format's record.
  uint16_t tag;
  // Which of the format's decoders handles it, or TIERLINE_NO_DECODER.
  uint8_t decoder;
  // TIERLINE_STAGE_...: where in the packet.
  uint8_t stage;
  // This part ends the packet.
  bool last;
} tierline_part;

// An error at a place in the stream.
typedef struct tierline_error {
  // Which kind of trouble: TIERLINE_TRUNCATED to TIERLINE_LIMIT.
  int32_t status;
  // TIERLINE_SCOPE_...: whether the packet or the whole stream is lost.
  uint8_t scope;
  // Byte offset of the packet in the stream.
  uint64_t offset;
  // Number of the packet in the stream, from 0.
  uint64_t packet;
  // The field in question; the text lives for ever.
  struct tierline_text field;
  // The value found.
  int64_t found;
  // The value expected, or the largest one accepted.
  int64_t expected;
} tierline_error;

// What a parser made of the window.
typedef struct tierline_outcome {
  // Bytes to drop from the window's start, once the part is done with.
  size_t used;
  // On TIERLINE_NEED: the window must hold at least this many bytes, counted from its present start.
  size_t need;
  // On TIERLINE_GARBAGE: parts of this packet were already handed out, and must be undone.
  bool abort;
  // On TIERLINE_ITEM: the part.
  struct tierline_part part;
  // On TIERLINE_GARBAGE and below 0: why.
  struct tierline_error error;
} tierline_outcome;

// A table of a format: the row layout, and which of the decoder's key lists. Both are the largest number for rows of a
// channel that the configuration says is off.
typedef struct tierline_table_id {
  // Number of the key list.
  uint16_t list;
  // Number of the row layout.
  uint8_t layout;
} tierline_table_id;

// A table, valid during the call that it is handed to.
typedef struct tierline_table {
  // Which table.
  struct tierline_table_id id;
  // Number of key lists the decoder has in this stream, empty ones included.
  uint16_t lists;
  // Position of this list among them.
  uint16_t position;
  // The list has exactly one key.
  bool has_single;
  // That key.
  struct tierline_key single;
  // Name of the decoder, as the field knows it.
  struct tierline_text decoder;
  // Number of columns.
  size_t columns;
  // Bit i set: column i is present in this table.
  uint64_t present;
  // Run-time lengths of the sample slots, in samples.
  const uint32_t *lengths;
  // Number of these.
  size_t slots;
  // For tierline_table_column.
  const void *fields;
} tierline_table;

// A column; its texts live for ever. Names with a `/` nest: `waveform/values` is column `values` of the table `waveform`.
typedef struct tierline_column {
  // Name.
  struct tierline_text name;
  // Unit, or empty.
  struct tierline_text units;
  // Description, or empty.
  struct tierline_text description;
  // Bytes of an element.
  uint32_t size;
  // Fixed number of values, or the slot of the samples' number.
  uint32_t count;
  // TIERLINE_TYPE_...
  uint8_t dtype;
  // TIERLINE_SHAPE_...
  uint8_t shape;
} tierline_column;

// What can be asked of a node. A function that is NULL finds nothing. Texts and nodes live as long as the node.
typedef struct tierline_node_calls {
  // First child of this name, or NULL.
  const struct tierline_node *(*get)(const struct tierline_node *node, struct tierline_text name);
  // Child number `i` and its name (empty in a list), or NULL.
  const struct tierline_node *(*child)(const struct tierline_node *node,
                                       size_t i,
                                       struct tierline_text *name);
  // The node as UTF-8 text; false where it is none.
  bool (*text)(const struct tierline_node *node, struct tierline_text *text);
  // The node as an integer, booleans as 0 and 1; false where it is none.
  bool (*integer)(const struct tierline_node *node, int64_t *value);
} tierline_node_calls;

// The first member of a node of the caller's.
typedef struct tierline_node {
  // What can be asked of it.
  const struct tierline_node_calls *calls;
} tierline_node;

// A number, in the member that the value's type tells.
typedef union tierline_number {
  // Booleans and unsigned integers.
  uint64_t u;
  // Signed integers.
  int64_t i;
  // Floats.
  double f;
} tierline_number;

// A value on its way into a cell, valid during the call that it is handed to.
typedef struct tierline_value {
  // The number, of types that are one.
  union tierline_number number;
  // Bytes of text and arrays.
  const uint8_t *bytes;
  // Number of bytes.
  size_t len;
  // Of a label: which element of the text array.
  uint32_t label;
  // TIERLINE_TYPE_...
  uint8_t dtype;
  // TIERLINE_TYPE_... of an array's elements.
  uint8_t element;
} tierline_value;

// What is done with rows. A function that is NULL does nothing. They must not call the rows that call them.
//
// Many rows may be open at once; all of them are committed or aborted with their packet. Cells that are never put are zero,
// vectors empty.
typedef struct tierline_sink {
  // Handed to every function.
  void *context;
  // Announces a table; not 0: it can't be kept, the stream ends. The same table may come again.
  int32_t (*declare)(void *context, const struct tierline_table *table);
  // A value of the stream's header: `path` within the header object `table` (empty path: the object itself).
  void (*header)(void *context,
                 struct tierline_text table,
                 struct tierline_text path,
                 const struct tierline_value *value);
  // Asks for another run-time length of a sample slot; answers the length in force.
  uint32_t (*resize)(void *context,
                     struct tierline_table_id table,
                     const struct tierline_key *key,
                     uint8_t slot,
                     uint32_t samples);
  // Opens a row; `row` numbers the rows of a packet from 0.
  void (*begin)(void *context,
                struct tierline_table_id table,
                const struct tierline_key *key,
                uint32_t row);
  // Puts a value into a cell; on a vector column it appends.
  void (*put)(void *context, uint32_t row, size_t column, const struct tierline_value *value);
  // Puts `len` bytes of little-endian 16-bit samples into a cell, the first of them at sample `first`.
  void (*samples)(void *context,
                  uint32_t row,
                  size_t column,
                  uint32_t first,
                  const uint8_t *bytes,
                  size_t len);
  // Says something the user should know.
  void (*notice)(void *context, struct tierline_text what, int64_t value);
  // The packet is complete: its rows count.
  void (*commit)(void *context);
  // The packet is broken: its rows are forgotten.
  void (*abort)(void *context);
} tierline_sink;

// What runs on from one piece of a packet's samples to the next. A packet begins with one that is all 0.
typedef struct tierline_predictor {
  // The library's.
  uint32_t state[1];
} tierline_predictor;

// What a front end is and does.
typedef struct tierline_settings {
  // The source's format.
  const struct tierline_format *format;
  // Name of the source, at most TIERLINE_SOURCE_MAX bytes of UTF-8; copied.
  struct tierline_text source;
  // Picoseconds per tick of the clock.
  uint64_t tick_ps;
  // Number of the session: another one says that the front end started anew.
  uint32_t session;
  // Number of the stream on its link.
  uint16_t stream;
  // Version of the firmware: major, minor, patch.
  uint16_t firmware[3];
  // First bytes of the firmware's revision.
  uint8_t revision[8];
  // TIERLINE_CODEC_... of the samples.
  uint8_t codec;
  // TIERLINE_FRAMING_...
  uint8_t framing;
  // Works out the CRC-32 of the source on the way, and tells it at the end.
  bool checksum;
} tierline_settings;

// Where the records of a front end go.
typedef struct tierline_link {
  // Handed to the functions.
  void *context;
  // Memory to make records in, the same at every call: twice the longest record, no less than twice
  // TIERLINE_RECORD_MIN.
  uint8_t *scratch;
  // Bytes of it.
  size_t scratch_len;
  // Room for a record of at most `max` bytes, frame included; NULL where there is none, then it is dropped and accounted
  // for. Who should not drop waits here.
  uint8_t *(*grant)(void *context, size_t max);
  // The first `used` bytes of the room are a record, frame included.
  void (*commit)(void *context, size_t used);
} tierline_link;

// How far a front end got.
typedef struct tierline_progress {
  // Bytes to drop from the window's start.
  size_t used;
  // On TIERLINE_NEED: the window must hold at least this many bytes after that.
  size_t need;
  // Below 0: why.
  struct tierline_error error;
} tierline_progress;

// Where the source's packets and bytes went.
typedef struct tierline_account {
  // Bytes of the source done with.
  uint64_t bytes;
  // Packets sent whole.
  uint64_t sent;
  // Packets that broke off, which was told with their bytes.
  uint64_t broken;
  // Packets dropped.
  uint64_t dropped;
  // Records refused.
  uint64_t records_dropped;
  // Bytes of dropped packets, and of garbage that was not told.
  uint64_t bytes_dropped;
  // Bytes that made no sense.
  uint64_t garbage;
  // Records sent, modulo the word.
  uint32_t records;
} tierline_account;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// FCIO, as FlashCam writes it.
extern const struct tierline_format tierline_fcio;

// Rows of an FCIO stream.
extern const struct tierline_row_format tierline_fcio_rows;

// ORCA.
extern const struct tierline_format tierline_orca;

// Rows of an ORCA stream; some need the text header as a document.
extern const struct tierline_row_format tierline_orca_rows;

// LLAMA, as llamaDAQ writes it.
extern const struct tierline_format tierline_llama;

// Rows of a LLAMA stream.
extern const struct tierline_row_format tierline_llama_rows;

// CoMPASS list mode.
extern const struct tierline_format tierline_compass;

// Rows of a CoMPASS stream.
extern const struct tierline_row_format tierline_compass_rows;

// Name of a format, which lives for ever; empty for NULL.
//
// The caller promises:
// `format` is one of the library's, or NULL.
struct tierline_text tierline_format_name(const struct tierline_format *format);

// Name of a decoder by its number in a part, which lives for ever; empty where there is none.
//
// The caller promises:
// `format` is one of the library's, or NULL.
struct tierline_text tierline_decoder_name(const struct tierline_format *format, uint8_t decoder);

// Whether the first bytes of a stream look like this format: 0 no, 1 perhaps, 2 they carry its mark; below 0 on an error.
//
// The caller promises:
// `format` is one of the library's, or NULL. `len` bytes can be read at `start`, or it is NULL.
int32_t tierline_sniff(const struct tierline_format *format,
                       const uint8_t *start,
                       size_t len);

// Writes a key as the field writes it, without NUL; `len` becomes the number of bytes.
//
// TIERLINE_ROOM where it does not fit.
//
// The caller promises:
// `rows` is one of the library's. `room` bytes can be written at `out`. `key` and `len` point to what they say.
int32_t tierline_key_text(const struct tierline_row_format *rows,
                          const struct tierline_key *key,
                          uint8_t *out,
                          size_t room,
                          size_t *len);

// Bytes of memory that a parser of this format takes; 0 for NULL.
//
// The caller promises:
// `format` is one of the library's, or NULL.
size_t tierline_parser_size(const struct tierline_format *format);

// Makes a parser at the start of a stream, in `room` bytes of `memory` aligned to TIERLINE_ALIGN.
//
// `piece`: bulk fields are cut into parts of at most this many bytes. `window`: the largest window that will be offered,
// bytes; nothing larger is ever asked for. The parser is the memory: it ends when the memory is used for something else.
//
// The caller promises:
// `format` is one of the library's. `room` bytes of `memory` belong to the parser from now on. `parser` points to a pointer.
int32_t tierline_parser_new(void *memory,
                            size_t room,
                            const struct tierline_format *format,
                            size_t piece,
                            size_t window,
                            struct tierline_parser **parser);

// Looks at the window, whose first byte follows the last byte used so far. `eof`: nothing comes after it.
//
// TIERLINE_ITEM: a part, whose bytes lie in the window. TIERLINE_NEED: come again with a larger window; never with `eof`.
// TIERLINE_GARBAGE: bytes that are not a packet. In both cases drop `used` bytes. TIERLINE_END: the stream is over. Below 0:
// the stream can't be read any further, or an argument is wrong.
//
// The caller promises:
// `parser` comes from `tierline_parser_new`. `len` bytes can be read at `window`. `outcome` can be written.
int32_t tierline_step(struct tierline_parser *parser,
                      const uint8_t *window,
                      size_t len,
                      bool eof,
                      struct tierline_outcome *outcome);

// Describes column `i` of a table; TIERLINE_ARGUMENT where it has no such column.
//
// The caller promises:
// `table` is what a `declare` callback was handed, or a copy of it. `column` can be written.
int32_t tierline_table_column(const struct tierline_table *table,
                              size_t i,
                              struct tierline_column *column);

// Bytes of memory that the rows of a format take; 0 for NULL. CoMPASS takes less than 200, ORCA two million.
//
// The caller promises:
// `format` is one of the library's, or NULL.
size_t tierline_rows_size(const struct tierline_row_format *format);

// Makes what turns the parts of one stream into rows, in `room` bytes of `memory` aligned to TIERLINE_ALIGN.
// The call may take as much stack as memory; it is made once.
//
// The caller promises:
// `format` is one of the library's. `room` bytes of `memory` belong to the rows from now on. `rows` points to a pointer.
int32_t tierline_rows_new(void *memory,
                          size_t room,
                          const struct tierline_row_format *format,
                          struct tierline_rows **rows);

// Hands over when the run started, unix seconds, before the first part. Some formats have it nowhere else.
//
// The caller promises:
// `rows` comes from `tierline_rows_new`.
int32_t tierline_rows_start(struct tierline_rows *rows,
                            double start);

// Hands over a text header or settings file, parsed; between two packets. Some of ORCA's rows need it.
//
// The caller promises:
// `rows` comes from `tierline_rows_new`; `node` and the functions it points to are as described, likewise those of `sink`.
// `error` can be written, or is NULL.
int32_t tierline_rows_document(struct tierline_rows *rows,
                               const struct tierline_node *node,
                               const struct tierline_sink *sink,
                               struct tierline_error *error);

// Takes the next part, with the window that it lies in, as `tierline_step` was given it. After the last part of a packet its
// rows are committed.
//
// Below 0: the packet is broken, its rows are aborted, and `error` says why; with TIERLINE_SCOPE_STREAM the run ends.
// TIERLINE_GARBAGE: a further part of a broken packet.
//
// The caller promises:
// `rows` comes from `tierline_rows_new`. `len` bytes can be read at `window`. `part` and the functions of `sink` are as
// described. `error` can be written, or is NULL.
int32_t tierline_rows_part(struct tierline_rows *rows,
                           const struct tierline_part *part,
                           const uint8_t *window,
                           size_t len,
                           const struct tierline_sink *sink,
                           struct tierline_error *error);

// The packet whose parts were handed in broke off: its rows are aborted. To be called where a parser says `abort`, and where
// a stream ended within a packet.
//
// The caller promises:
// `rows` comes from `tierline_rows_new`; the functions of `sink` are as described.
int32_t tierline_rows_abort(struct tierline_rows *rows,
                            const struct tierline_sink *sink);

// Encodes the next piece of a packet's samples, `len` bytes of little-endian u16. In `written` the number of bytes.
//
// `codec` points to the one that is wanted, TIERLINE_CODEC_..., and becomes the one that was used: raw where that is
// shorter. So there are never more bytes than samples. TIERLINE_ROOM where they do not fit: nothing has happened then.
//
// The caller promises:
// `len` bytes can be read at `samples` and `room` bytes written at `out`; they do not overlap. The others point to what they
// say.
int32_t tierline_encode(uint8_t *codec,
                        struct tierline_predictor *state,
                        const uint8_t *samples,
                        size_t len,
                        uint8_t *out,
                        size_t room,
                        size_t *written);

// Decodes a piece of `n` samples from `len` bytes into the first `2 * n` bytes of `out`.
//
// TIERLINE_LIMIT where `out` is too short, TIERLINE_TRUNCATED where the bytes end before `n` samples, TIERLINE_MALFORMED
// where a value is out of range or something follows. Then the predictor is as it was, and `out` holds nothing of use.
//
// The caller promises:
// `len` bytes can be read at `data` and `room` bytes written at `out`; they do not overlap. `state` points to a predictor.
int32_t tierline_decode(uint8_t codec,
                        struct tierline_predictor *state,
                        const uint8_t *data,
                        size_t len,
                        size_t n,
                        uint8_t *out,
                        size_t room);

// Bytes that a record of `len` bytes takes at most in this framing; 0 where there is no such framing.
size_t tierline_framed_max(uint8_t framing,
                           size_t len);

// Puts the frame around a record; `written` becomes the number of bytes. TIERLINE_ROOM where they don't fit.
//
// The caller promises:
// `len` bytes can be read at `record` and `room` bytes written at `out`; they do not overlap. `written` can be written.
int32_t tierline_frame(uint8_t framing,
                       const uint8_t *record,
                       size_t len,
                       uint8_t *out,
                       size_t room,
                       size_t *written);

// CRC-32 of bytes that follow others, whose CRC-32 is given (0 at the start), as zlib's crc32 does. NULL stands for no bytes.
//
// The caller promises:
// `len` bytes can be read at `data`, or it is NULL.
uint32_t tierline_crc32(uint32_t crc,
                        const uint8_t *data,
                        size_t len);

// Makes a front end at the start of its source, in `room` bytes of `memory` aligned to TIERLINE_ALIGN.
//
// The caller promises:
// `room` bytes of `memory` belong to the front end from now on. `settings` are as described. `front_end` points to a
// pointer.
int32_t tierline_front_end_new(void *memory,
                               size_t room,
                               const struct tierline_settings *settings,
                               struct tierline_front_end **front_end);

// Works through the window, whose first byte follows the last byte used so far, as far as it goes. `eof`: nothing comes after
// it. `parser`: the one of the source, used by nobody else.
//
// TIERLINE_NEED: drop `used` bytes and come again with a larger window. TIERLINE_END: the source is over;
// `tierline_front_end_end` is what is left to do. Below 0: the source can't be read any further, which the link was told.
//
// The caller promises:
// `front_end` and `parser` come from their functions. `len` bytes can be read at `window`; the scratch memory of `link` is
// apart from them, and its functions are as described. `progress` can be written.
int32_t tierline_front_end_run(struct tierline_front_end *front_end,
                               struct tierline_parser *parser,
                               const uint8_t *window,
                               size_t len,
                               bool eof,
                               const struct tierline_link *link,
                               struct tierline_progress *progress);

// Passes on a text that belongs to the source but is not in it, before the source's own bytes: settings have the key 1.
// TIERLINE_ROOM where there is no room for it.
//
// The caller promises:
// As for `tierline_front_end_run`; `len` bytes can be read at `text`.
int32_t tierline_front_end_config(struct tierline_front_end *front_end,
                                  uint16_t key,
                                  const uint8_t *text,
                                  size_t len,
                                  const struct tierline_link *link);

// Says how the front end is doing. `low_water`: fewest bytes that were ever free on the way to the link; `uptime`: ticks since
// the start. TIERLINE_ROOM: try again when there is room.
//
// The caller promises:
// As for `tierline_front_end_run`.
int32_t tierline_front_end_health(struct tierline_front_end *front_end,
                                  uint32_t low_water,
                                  uint64_t uptime,
                                  const struct tierline_link *link);

// Says that there is nothing to say. `uptime`: ticks since the start. TIERLINE_ROOM: try again when there is room.
//
// The caller promises:
// As for `tierline_front_end_run`.
int32_t tierline_front_end_heartbeat(struct tierline_front_end *front_end,
                                     uint64_t uptime,
                                     const struct tierline_link *link);

// Says that the source is over, and what was dropped before; once more what this is, for who has not heard it. TIERLINE_ROOM:
// try again when there is room. On a link that may lose it, say it again.
//
// The caller promises:
// As for `tierline_front_end_run`.
int32_t tierline_front_end_end(struct tierline_front_end *front_end,
                               const struct tierline_link *link);

// Where packets and bytes went so far.
//
// The caller promises:
// `front_end` comes from `tierline_front_end_new`. `account` can be written.
int32_t tierline_front_end_account(struct tierline_front_end *front_end,
                                   struct tierline_account *account);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* TIERLINE_H */
