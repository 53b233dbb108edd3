package signature

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// The names of a form that was read before save work. They must never decide
// anything: a form read after others is the one that a new reader reads.
func TestFormWithKnownNamesIsReadAsANewOneIs(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	pieces := []string{"a", "Z9", "%2B1555", "%2b", "%", "%4", "%41", "%26", "%3D", "%25", "+", "=", "é", "\xff", "*", "'", "(", "-", "12345678", "%00", strings.Repeat("x", 40)}
	text := func(most int) string {
		var b strings.Builder
		for range random.IntN(most) {
			b.WriteString(pieces[random.IntN(len(pieces))])
		}
		return b.String()
	}
	names := [][]string{
		{"a"}, {"a", "b"}, {"b", "a", "c"}, {"Called", "ToState", "CallerCountry", "AccountSid"}, {"b", "a", "b"}, {"%41", "a"}, {"a+b", "a b"},
		{"a=", "a"}, {"", "a"}, {"CallbackSourceOfEvents", "CallbackSource"}, {"a%", "a"}, {"a%3Db", "a"},
	}
	var reused form
	fast := 0
	for range 30_000 {
		var pairs []string
		for _, name := range names[random.IntN(len(names))] {
			pairs = append(pairs, name+"="+text(6))
		}
		if random.IntN(10) == 0 {
			pairs[random.IntN(len(pairs))] = text(3)
		}
		body := []byte(strings.Join(pairs, "&"))
		if reused.readAsBefore(body) {
			fast++
		}
		reused.parse(body)
		var fresh form
		fresh.parse(body)
		if got, want := string(reused.appendSigned(nil)), string(fresh.appendSigned(nil)); got != want {
			t.Fatalf("%q: signed %q, want %q", body, got, want)
		}
		if len(reused.params) != len(fresh.params) {
			t.Fatalf("%q: %d parameters, want %d", body, len(reused.params), len(fresh.params))
		}
		for i := range fresh.params {
			if p, q := fresh.params[i], reused.params[i]; string(fresh.name(p)) != string(reused.name(q)) || string(fresh.value(p)) != string(reused.value(q)) {
				t.Fatalf("%q: parameter %d is %q=%q, want %q=%q", body, i, reused.name(q), reused.value(q), fresh.name(p), fresh.value(p))
			}
		}
	}
	if fast < 5_000 {
		t.Errorf("%d forms had known names", fast)
	}
}

func TestOnlyFormsWithTheSameNamesAreReadAsBefore(t *testing.T) {
	for _, c := range []struct {
		name, first, next string
		same              bool
	}{
		{"other values", "b=1&a=2", "b=%2B1+x%20y&a=", true},
		{"value with an equals sign", "b=1&a=2", "b=1=2&a==", true},
		{"escaped name", "a=1", "a%3Db=1", false},
		{"name that begins alike", "a=1", "ab=1", false},
		{"name without equals sign", "a=1", "a", false},
		{"one parameter more", "a=1", "a=1&b=1", false},
		{"one parameter less", "a=1&b=1", "a=1", false},
		{"ends with an ampersand", "a=1", "a=1&", false},
		{"other order", "a=1&b=1", "b=1&a=1", false},
		{"repeated names depend on values", "a=2&a=1", "a=2&a=1", false},
		{"names sent with escapes", "%61=1", "%61=1", false},
		{"names sent with a plus sign", "a+b=1", "a+b=1", false},
		{"nothing", "a=1", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var f form
			f.parse([]byte(c.first))
			if got := f.readAsBefore([]byte(c.next)); got != c.same {
				t.Errorf("read as before: %v", got)
			}
		})
	}
	var f form
	_, _, req := voiceWebhook()
	f.parse(req.Body)
	if !f.readAsBefore(req.Body) {
		t.Error("a voice webhook is read the long way each time")
	}
}
