package store

import (
	"context"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

// doNotCallColumns are those of a file of the do-not-call list as it is written. A file that is read has phoneNumber or hash, and any
// of the others. In a file that was written, phoneNumber is masked: numbers cannot be read back.
var doNotCallColumns = []string{"id", "phoneNumber", "hash", "key", "scope", "source", "reason", "requestedBy", "callId", "createdAt"}

// DoNotCallRow is a row of a file of the do-not-call list.
type DoNotCallRow struct {
	// Line is where it begins, from 1.
	Line int
	// PhoneNumber is E.164, "" in a row with a hash.
	PhoneNumber string
	// Hash is the keyed hash of the number; Key names the key with which it was made, "" for nobody said; Masked is the number as it
	// was shown, "" for none.
	Hash        []byte
	Key, Masked string
	// Scope, Source, Reason and RequestedBy are "" where the row does not say.
	Scope, Source, Reason, RequestedBy string
	// CreatedAt is the zero time where the row does not say.
	CreatedAt time.Time
	// Value is what was in the row's first column that matters, Refused why the row cannot be taken, "" for it can.
	Value, Refused string
}

// FileError says that a file cannot be read, or is not one of the kind that was asked for.
type FileError struct{ Err error }

func (e *FileError) Error() string { return e.Err.Error() }
func (e *FileError) Unwrap() error { return e.Err }

// ReadDoNotCallCSV reads a file of the do-not-call list, one row at a time. A row that cannot be taken says why; a *FileError ends
// the file: it has no header that says what it is, or cannot be read.
func ReadDoNotCallCSV(from io.Reader) iter.Seq2[DoNotCallRow, error] {
	return func(yield func(DoNotCallRow, error) bool) {
		in := csv.NewReader(from)
		in.FieldsPerRecord, in.ReuseRecord, in.TrimLeadingSpace = -1, true, true
		header, err := in.Read()
		if errors.Is(err, io.EOF) {
			err = errors.New("the file is empty: its first line must name the columns, such as phoneNumber,scope,reason")
		}
		var columns map[string]int
		if err == nil {
			columns, err = doNotCallHeader(slices.Clone(header))
		}
		if err != nil {
			yield(DoNotCallRow{}, &FileError{err})
			return
		}
		for {
			cells, err := in.Read()
			var malformed *csv.ParseError
			switch {
			case errors.Is(err, io.EOF):
				return
			case errors.As(err, &malformed):
				if !yield(DoNotCallRow{Line: malformed.StartLine, Refused: "is no CSV: " + malformed.Err.Error()}, nil) {
					return
				}
				continue
			case err != nil:
				yield(DoNotCallRow{}, &FileError{fmt.Errorf("reading the file: %w", err)})
				return
			}
			line, _ := in.FieldPos(0)
			if !yield(doNotCallRow(line, columns, cells), nil) {
				return
			}
		}
	}
}

// doNotCallHeader says where which column is.
func doNotCallHeader(names []string) (map[string]int, error) {
	columns := map[string]int{}
	for i, name := range names {
		name = strings.TrimSpace(strings.TrimPrefix(name, "\ufeff"))
		known := slices.IndexFunc(doNotCallColumns, func(c string) bool { return strings.EqualFold(c, name) })
		if known < 0 {
			return nil, fmt.Errorf("column %d of the first line is none of %s", i+1, strings.Join(doNotCallColumns, ", "))
		}
		if _, twice := columns[doNotCallColumns[known]]; twice {
			return nil, fmt.Errorf("column %s is there twice", doNotCallColumns[known])
		}
		columns[doNotCallColumns[known]] = i
	}
	_, number := columns["phoneNumber"]
	if _, hash := columns["hash"]; !number && !hash {
		return nil, errors.New("the first line must name the column phoneNumber or hash")
	}
	return columns, nil
}

func doNotCallRow(line int, columns map[string]int, cells []string) DoNotCallRow {
	cell := func(name string) string {
		i, ok := columns[name]
		if !ok || i >= len(cells) {
			return ""
		}
		text := strings.TrimSpace(cells[i])
		if rest, ok := strings.CutPrefix(text, "'"); ok && rest != harmless(rest) || ok && name == "phoneNumber" {
			text = rest // the mark is there for spreadsheets
		}
		return strings.Clone(text)
	}
	r := DoNotCallRow{Line: line, Key: cell("key"), Scope: cell("scope"), Source: cell("source"), Reason: cell("reason"), RequestedBy: cell("requestedBy")}
	number, hash := cell("phoneNumber"), cell("hash")
	refuse := func(value, why string) DoNotCallRow {
		r.Value, r.Refused = truncated(value, 40), why
		return r
	}
	if at := cell("createdAt"); at != "" {
		var err error
		if r.CreatedAt, err = time.Parse(time.RFC3339, at); err != nil {
			return refuse(at, "createdAt is no time such as 2026-11-23T12:00:00Z")
		}
	}
	for name, text := range map[string]string{"scope": r.Scope, "source": r.Source, "reason": r.Reason, "requestedBy": r.RequestedBy} {
		if len(text) > 1000 {
			return refuse(text, name+" is too long")
		}
	}
	switch {
	case hash != "":
		var err error
		if r.Hash, err = hex.DecodeString(hash); err != nil || len(r.Hash) != 32 {
			return refuse(hash, "hash is not one of 64 hexadecimal digits, as in a file that was exported")
		}
		if strings.Contains(number, "*") {
			r.Masked = number
		}
		r.Value = hash
	case strings.Contains(number, "*"):
		return refuse(number, "phoneNumber is masked, and there is no hash")
	case number == "":
		return refuse("", "phoneNumber is empty")
	default:
		var ok bool
		if r.PhoneNumber, ok = interview.NormalPhoneNumber(number); !ok {
			return refuse(number, "is not an E.164 number, as in +15551234567")
		}
		r.Value = number
	}
	return r
}

// harmless keeps a spreadsheet from taking a cell for a formula.
func harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

// exportedAtOnce is how many entries of an export are in memory.
const exportedAtOnce = 1000

// ExportDoNotCall writes the do-not-call list as CSV: with hashes, by which another database with the same key knows the numbers, and
// masked numbers, which nobody can call. flushed, if not nil, is called after each part.
func (s *Store) ExportDoNotCall(ctx context.Context, by DoNotCallFilter, to io.Writer, flushed func()) error {
	var key string
	err := s.write(ctx, func(tx *Tx) (err error) {
		key, err = tx.numberKeyFingerprint(ctx)
		return err
	})
	out := csv.NewWriter(to)
	if err == nil {
		err = out.Write(doNotCallColumns)
	}
	for page := (Page{Limit: exportedAtOnce}); err == nil; {
		var part List[interview.DoNotCall]
		if part, err = s.DoNotCallList(ctx, by, page); err != nil {
			break
		}
		for _, d := range part.Items {
			_ = out.Write([]string{d.ID, d.Masked, hex.EncodeToString(d.Hash), key, d.Scope, harmless(d.Source), harmless(d.Reason),
				harmless(d.RequestedBy), d.CallID, d.CreatedAt.UTC().Format(time.RFC3339Nano)}) // Flush has its error
		}
		if out.Flush(); out.Error() != nil {
			return fmt.Errorf("writing the do-not-call list: %w", out.Error())
		}
		if flushed != nil {
			flushed()
		}
		if page.After = part.Next; part.Next == "" {
			return nil
		}
	}
	return fmt.Errorf("exporting the do-not-call list: %w", err)
}
