package fault_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/i-agent/iagent/internal/fault"
)

const words = "forty-two crates, call (555) 777-1234 or 15557771234"

// caught panics with a value and returns the error that is made of it.
func caught(value any) (err error) {
	defer func() { err = fault.Panicked(recover(), nil) }()
	panic(value)
}

func TestFaultTextHoldsNoWordsOfOthers(t *testing.T) {
	var number int8
	_, overflow := strconv.Atoi("15557771234x")
	for name, tc := range map[string]struct {
		err   error
		class fault.Class
		want  string
	}{
		"plain":          {errors.New(words), fault.Unclear, "unclear: iagent: error of type errors.errorString"},
		"wrapped":        {fmt.Errorf("calling %s: %w", words, io.ErrUnexpectedEOF), fault.Transient, "transient: network: connection lost"},
		"URL":            {&url.Error{Op: "Get", URL: "https://x/?To=%2B15557771234", Err: syscall.ECONNREFUSED}, fault.Transient, "transient: network: connection refused"},
		"number":         {overflow, fault.Unclear, "unclear: iagent: error of type errors.errorString"},
		"JSON value":     {json.Unmarshal([]byte(`15557771234`), &number), fault.Unclear, "unclear: iagent: JSON of another form"},
		"JSON syntax":    {json.Unmarshal([]byte(`forty`), &number), fault.Unclear, "unclear: iagent: answer is no JSON"},
		"name":           {&net.DNSError{Err: words, Name: words}, fault.Transient, "transient: network: name not resolved"},
		"timeout":        {fmt.Errorf("%s: %w", words, context.DeadlineExceeded), fault.Transient, "transient: network: timeout"},
		"database away":  {&pgconn.PgError{Code: "57P01", Message: words}, fault.Transient, "transient: database: code 57P01"},
		"our statement":  {&pgconn.PgError{Code: "42601", Message: words}, fault.Unclear, "unclear: database: code 42601"},
		"ours":           {fmt.Errorf("%s: %w", words, fault.New("no consent")), fault.Unclear, "unclear: iagent: no consent"},
		"panic":          {caught(words), fault.Unclear, "unclear: iagent: panic with a string at fault_test.go:"},
		"panic of error": {caught(errors.New(words)), fault.Unclear, "unclear: iagent: panic with a *errors.errorString at fault_test.go:"},
	} {
		t.Run(name, func(t *testing.T) {
			f := fault.Of(tc.err)
			if f.Class != tc.class || !strings.HasPrefix(f.String(), tc.want) || strings.Contains(f.String(), "777") || strings.Contains(f.String(), "forty") {
				t.Errorf("%s: %s", f.Class, f)
			}
		})
	}
}

func TestCodeThatMayBeSomebodysWordsIsDropped(t *testing.T) {
	for code, want := range map[string]string{
		"invalid_api_key": "invalid_api_key", "21211": "21211", "rate-limit.tokens": "rate-limit.tokens",
		"15557771234": "", words: "", "they said five": "", "": "", strings.Repeat("a", 49): "",
	} {
		if got := fault.SafeCode(code); got != want {
			t.Errorf("%q became %q", code, got)
		}
	}
}

func TestStatusSaysWhetherAnotherAttemptMayHelp(t *testing.T) {
	for class, statuses := range map[fault.Class][]int{
		fault.Transient: {0, 408, 409, 425, 429, 500, 502, 503, 504, 525, 529},
		fault.Permanent: {301, 400, 401, 403, 404, 413, 415, 422, 501, 505, 506, 510},
		fault.Unclear:   {200, 201},
	} {
		for _, status := range statuses {
			if got := fault.OfStatus(status); got != class {
				t.Errorf("%d is %s", status, got)
			}
		}
	}
}
