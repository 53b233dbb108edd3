package dedup

import (
	"encoding/hex"
	"net/http"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/i-agent/iagent/inbox"
)

// Bounds of stored text, in bytes: headers are not signed, and must not fill a table.
const (
	maxID     = 512
	maxText   = 8 << 10
	maxTarget = 16 << 10 // the longest that package signature verifies; of a GET it holds the parameters
	maxError  = 1 << 10
)

// eventRow returns the values of eventColumns.
func eventRow(e *inbox.Event, hash string) []any {
	source := e.Source
	if source == "" {
		source = inbox.SourceWebhook
	}
	return []any{
		e.ID, text(string(e.Kind), maxText), hash, text(string(source), maxText), text(e.AccountSid, maxText),
		text(e.CallSid, maxText), text(e.Subject, maxText), text(e.Target, maxTarget), text(e.ContentType, maxText),
		bytes(e.Body), text(e.IdempotencyToken, maxText), timestamp(e.ReceivedAt),
	}
}

func acceptedRow(e *inbox.Event, hash string, r inbox.Reply) []any {
	return append(eventRow(e, hash), r.Status, text(r.ContentType, maxText), bytes(r.Body))
}

// payloadHash is the event's payload hash as it is stored.
func payloadHash(e *inbox.Event) string {
	hash := e.PayloadHash()
	return hex.EncodeToString(hash[:])
}

// checkID refuses an id that no database keeps as it is.
func checkID(id string) error {
	if id == "" || len(id) > maxID || !utf8.ValidString(id) || strings.ContainsRune(id, 0) {
		return inbox.Refuse(http.StatusBadRequest, "Invalid event id")
	}
	return nil
}

// text makes s fit for a text column of any database: valid UTF-8 without NUL, at most limit bytes.
func text(s string, limit int) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}

// bytes keeps an empty body apart from NULL.
func bytes(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// timestamp is the form that both databases read, and that SQLite sorts.
func timestamp(t time.Time) string {
	if t.IsZero() {
		t = time.Now()
	}
	return t.UTC().Format("2006-01-02 15:04:05.000")
}

var (
	userinfo = regexp.MustCompile(`://[^/@\s]*@`)
	phone    = regexp.MustCompile(`(\+|%2B)\d{5,13}(\d\d)`)
)

// errorText is what is kept of a failure: its text without passwords in URLs and without phone numbers.
func errorText(err error) string {
	s := userinfo.ReplaceAllString(err.Error(), "://…@")
	return text(phone.ReplaceAllString(s, "${1}…${2}"), maxError)
}
