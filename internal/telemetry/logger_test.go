package telemetry_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/telemetry"
)

const secret = "s3cret/with+signs"

type guest struct {
	Phone  string
	hidden string
}

type called string

func (c called) String() string { return "call to " + string(c) }

type lazy struct{}

func (lazy) LogValue() slog.Value {
	return slog.GroupValue(slog.String("to", "+15551234567"), slog.String("with", secret))
}

// TestLogShowsNeitherNumbersNorSecrets, wherever they stand.
func TestLogShowsNeitherNumbersNorSecrets(t *testing.T) {
	const number = "+15551234567"
	in := url.QueryEscape(number)
	for _, format := range []string{"text", "json"} {
		var out bytes.Buffer
		log, err := telemetry.NewLogger(&out, format, "debug", secret, "")
		if err != nil {
			t.Fatal(err)
		}
		log = log.With("caller", number).WithGroup("g")
		var none *url.Error
		log.Info("dialling "+number+" with "+secret,
			"number", number,
			"secret-in-text", "Bearer "+secret+"!",
			"error", fmt.Errorf("GET https://api/Calls?To=%s&Token=%s: %w", in, url.QueryEscape(secret), errors.New("busy "+number)),
			"struct", guest{Phone: number, hidden: number},
			"pointer", &guest{Phone: number},
			"list", []string{number, secret},
			"bytes", []byte(number),
			"stringer", called(number),
			"lazy", lazy{},
			"nil error", none,
			slog.Group("inner", "number", number),
			"auth_token", "short",
			"Authorization", "Basic x",
			"AdminToken", []string{"short"},
		)
		text := out.String()
		for _, bad := range []string{"5551234567", "15551", "s3cret", "short", "Basic"} {
			if strings.Contains(text, bad) {
				t.Errorf("%s: %q is shown: %s", format, bad, text)
			}
		}
		if !strings.Contains(text, "+1******4567") || !strings.Contains(text, "%2B1******4567") {
			t.Errorf("%s: masked numbers cannot be told apart: %s", format, text)
		}
	}
}

func TestLogLeavesTheRestAlone(t *testing.T) {
	var out bytes.Buffer
	log, err := telemetry.NewLogger(&out, "json", "", secret, "bob")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.FixedZone("", 2*3600))
	log.Debug("not shown at the level info")
	log.Info("bob got 1+1 calls at +0200 of CA0123456789abcdef0123456789abcdef",
		"n", 15551234567, "at", at, "url", "https://h/x?q=%20a", "list", []int{1, 2}, "nil", nil, "took", time.Second)
	var got map[string]any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	for key, want := range map[string]string{
		"msg": "bob got 1+1 calls at +0200 of CA0123456789abcdef0123456789abcdef", "level": "INFO",
		"n": "1.5551234567e+10", "at": "2026-11-23T12:00:00+02:00", "url": "https://h/x?q=%20a", "list": "[1 2]", "nil": "<nil>", "took": "1e+09",
	} {
		if fmt.Sprint(got[key]) != want {
			t.Errorf("%s: got %v, want %s", key, got[key], want)
		}
	}
}

func TestPhoneNumbersAreMaskedExceptTheirEnd(t *testing.T) {
	for in, want := range map[string]string{
		"+15551234567":                  "+1******4567",
		"a+491701234567b":               "a+4*******4567b",
		"+15551234567,+15557654321":     "+1******4567,+1******4321",
		"To=%2b15551234567&x":           "To=%2b1******4567&x",
		"+123456":                       "+123456",     // too short for a number
		"+0155512345":                   "+0155512345", // no country begins with 0
		"+12345678901234567890 is more": "*** is more",
		"":                              "",
	} {
		if got := telemetry.Redact().Text(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestLongerSecretIsTakenOutWhole(t *testing.T) {
	r := telemetry.Redact("abcdef", "abcdefgh")
	if got := r.Text("x abcdefgh y abcdef"); got != "x [redacted] y [redacted]" {
		t.Error(got)
	}
}

func TestWrongLogSettingsNameTheCure(t *testing.T) {
	for _, tt := range []struct{ format, level, want string }{{"xml", "info", "json"}, {"text", "loud", "debug"}} {
		if _, err := telemetry.NewLogger(&bytes.Buffer{}, tt.format, tt.level); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s, %s: %v", tt.format, tt.level, err)
		}
	}
}
