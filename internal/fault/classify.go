package fault

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// Of says of err what may be stored. Nothing of its text is used unless its type is known to hold no words of others.
func Of(err error) Fault {
	if err == nil {
		return Fault{}
	}
	var faulty Faulty
	if errors.As(err, &faulty) {
		return faulty.Fault()
	}
	if f, ok := ofDatabase(err); ok {
		return f
	}
	reason, class := Cause(err)
	f := Fault{Class: class, Service: "iagent", Reason: reason, Words: err.Error()}
	if class == Transient {
		f.Service = "network"
	}
	return f
}

// ofDatabase knows the errors of both databases by their methods: PostgreSQL's SQLSTATE and SQLite's result code.
func ofDatabase(err error) (Fault, bool) {
	f := Fault{Class: Transient, Service: "database", Words: err.Error()}
	var postgres interface {
		error
		SQLState() string
	}
	var sqlite interface {
		error
		Code() int
	}
	switch {
	case errors.As(err, &postgres):
		f.Code = SafeCode(postgres.SQLState())
		// 22 data, 23 constraint, 42 syntax: the statement is wrong, and stays so.
		if len(f.Code) == 5 && strings.Contains("22 23 42", f.Code[:2]) {
			f.Class = Unclear
		}
	case errors.As(err, &sqlite):
		f.Code = strconv.Itoa(sqlite.Code())
		switch sqlite.Code() & 0xff {
		case 1, 18, 19, 20, 21, 25: // ERROR, TOOBIG, CONSTRAINT, MISMATCH, MISUSE, RANGE
			f.Class = Unclear
		}
	case errors.Is(err, driver.ErrBadConn), errors.Is(err, sql.ErrConnDone):
		f.Reason = "connection lost"
	default:
		return f, false
	}
	return f, true
}

// Cause describes an error of the transport or of reading an answer, without its text, which may quote a URL or what was
// read. Of any other error it names the type.
func Cause(err error) (reason string, class Class) {
	var dns *net.DNSError
	var number syscall.Errno
	var timeout interface{ Timeout() bool }
	var syntax *json.SyntaxError
	var mismatch *json.UnmarshalTypeError
	switch {
	case errors.Is(err, context.Canceled):
		return "canceled", Transient
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return "timeout", Transient
	case errors.As(err, &dns):
		return "name not resolved", Transient
	case errors.As(err, &number):
		return number.Error(), Transient // the system's own text for the number
	case errors.As(err, &timeout) && timeout.Timeout():
		return "timeout", Transient
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return "connection lost", Transient
	case errors.As(err, new(*net.OpError)):
		return "network error", Transient
	case errors.As(err, &syntax):
		return "answer is no JSON", Unclear
	case errors.As(err, &mismatch):
		return "JSON of another form", Unclear
	}
	return "error of type " + strings.TrimPrefix(fmt.Sprintf("%T", innermost(err)), "*"), Unclear
}

// innermost is the error that nothing is wrapped in.
func innermost(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
