package signature

import (
	"bytes"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// signedByNetURL is the same concatenation by way of net/url and a map.
func signedByNetURL(values url.Values) string {
	var b strings.Builder
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		list := slices.Clone(values[name])
		slices.Sort(list)
		for _, value := range slices.Compact(list) {
			b.WriteString(name + value)
		}
	}
	return b.String()
}

func TestFormIsReadAsTheFrameworksReadIt(t *testing.T) {
	for _, c := range []struct{ name, body, signed string }{
		{"empty", "", ""},
		{"plus is a space", "a=b+c", "ab c"},
		{"percent is decoded", "a=%2B1%2f%C3%A9", "a+1/é"},
		{"escaped name is decoded", "%61+b=1", "a b1"},
		{"encoded separators belong to the value", "a=1%26b%3D2", "a1&b=2"},
		{"second equals sign belongs to the value", "a=b=c=", "ab=c="},
		{"empty value keeps its name", "a=&b=2", "ab2"},
		{"name without equals sign counts", "a&b=2", "ab2"},
		{"empty name counts", "=v&b=2", "vb2"},
		{"empty pairs are none", "&&a=1&&", "a1"},
		{"lone equals sign is an empty pair", "=", ""},
		{"semicolon is an ordinary byte", "a=1;b=2", "a1;b=2"},
		{"null and the lack of a value are one", "b=&a", "ab"},
		{"sorted by name alone", "ReasonConferenceEnded=test&Reason=Participant", "ReasonParticipantReasonConferenceEndedtest"},
		{"sort regards case", "callSid=3&CallSid=2&CALLSID=1", "CALLSID1CallSid2callSid3"},
		{"repeated values are sorted and count once", "D=5678&D=1234&D=1234", "D1234D5678"},
		{"repeated name escaped another way", "D=2&%44=1", "D1D2"},
		{"numbers are compared as text", "D=9&D=10", "D10D9"},
		{"names with a common start of eight", "CalledState=3&CalledStatX=2&CalledSt=1", "CalledSt1CalledStatX2CalledState3"},
		{"zero bytes belong to the name", "a%00=2&a=1", "a1a\x002"},
		{"bytes that are not UTF-8", "a=%ff%FE", "a\xff\xfe"},
		{"white space is kept", "a=+1+&+b=+", " b a 1 "},
		{"dollar and quote are ordinary", "a$'=$'", "a$'$'"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var f form
			f.parse([]byte(c.body))
			if got := string(f.appendSigned(nil)); got != c.signed {
				t.Errorf("signed %q, want %q", got, c.signed)
			}
			if got := signedByNetURL(ParseForm(c.body)); got != c.signed {
				t.Errorf("read as %q, want %q", got, c.signed)
			}
		})
	}
}

// A "%" without two digits is the byte that it is. The frameworks in front of
// Twilio's SDKs read it so.
func TestBarePercentMeansItself(t *testing.T) {
	for body, want := range map[string]string{
		"a=%": "a%", "a=%4": "a%4", "a=%zz": "a%zz", "%=1": "%1", "%4=1": "%41", "a=1&b=%2": "a1b%2", "a%2=1&b=2": "a%21b2", "a=%2g&b=1": "a%2gb1",
		"a=%%41": "a%A", "a=%25%": "a%%", "a=%41%4%42": "aA%4B", "a=50%+off;%20b": "a50% off; b", "a=%u0041": "a%u0041", "a=%\x00": "a%\x00",
		strings.Repeat("a", 63) + "%41%": strings.Repeat("a", 63) + "A%",
		strings.Repeat("%41%", 40):       strings.Repeat("A%", 40),
	} {
		var f form
		f.parse([]byte(body))
		if got := string(f.appendSigned(nil)); got != want {
			t.Errorf("%q: signed %q, want %q", body, got, want)
		}
		if got := signedByNetURL(ParseForm(body)); got != want {
			t.Errorf("%q: read as %q, want %q", body, got, want)
		}
	}
}

// A scratch serves one request after the other: nothing of the previous one may
// be left, whatever order was remembered from it.
func TestReusedFormHoldsNothingOfThePreviousRequest(t *testing.T) {
	bodies := []string{
		"b=1&a=2", "a=2&b=1", "b=1&a=2", "b=1&b=0", "a=1&a=1", "b=9&a=%2B", "x=1", "b=1&a=2&c=3&d=4&e=5&f=6&g=7&h=8&i=9&j=0",
		strings.Repeat("z=1&", 300) + "a=2", "",
	}
	var f form
	for range 3 {
		for _, body := range bodies {
			values, err := url.ParseQuery(body)
			if err != nil {
				t.Fatalf("%q: %v", body, err)
			}
			f.parse([]byte(body))
			if got, want := string(f.appendSigned(nil)), signedByNetURL(values); got != want {
				t.Errorf("%q: signed %q, want %q", body, got, want)
			}
		}
	}
}

func FuzzFormAgainstNetURL(f *testing.F) {
	for _, seed := range []string{"", "a=b", "a=b&a=a&%61=%62+", "&=&&", "a;b=c", "%", "a=%4", "b=2&a=1&c", "a=%zz&b",
		strings.Repeat("Called=%2B1555&", 20), "a=\xff&b=é"} {
		f.Add([]byte(seed), []byte("b=1&a=2"))
	}
	_, _, req := voiceWebhook()
	f.Add(req.Body, req.Body)
	f.Fuzz(func(t *testing.T, body, next []byte) {
		var reused form
		for _, b := range [][]byte{body, next, body} {
			before := bytes.Clone(b)
			reused.parse(b)
			if !bytes.Equal(b, before) {
				t.Fatal("the body was written to")
			}
			// What is read of a body is what was signed of it. Where net/url refuses nothing, it agrees.
			values := ParseForm(string(b))
			if standard, err := url.ParseQuery(string(b)); err == nil && !reflect.DeepEqual(values, standard) {
				t.Fatalf("read %q, net/url %q", values, standard)
			}
			if got, want := string(reused.appendSigned(nil)), signedByNetURL(values); got != want {
				t.Fatalf("signed %q, want %q", got, want)
			}
			distinct := 0
			for name, list := range values {
				slices.Sort(list)
				distinct += len(slices.Compact(slices.Clone(list)))
				value, several := reused.lookup(name)
				if string(value) != list[0] || several != (len(slices.Compact(list)) > 1) {
					t.Fatalf("lookup of %q gave %q, %v", name, value, several)
				}
			}
			if len(reused.params) != distinct {
				t.Fatalf("%d parameters, want %d", len(reused.params), distinct)
			}
		}
		for name, values := range ParseForm(string(next)) {
			if got, _ := reused.queryParam(next, name); string(got) != values[0] && !strings.Contains(name, " ") {
				t.Fatalf("query parameter %q is %q, want %q", name, got, values[0])
			}
		}
	})
}

// The values share one array: what is appended to one name must not show under
// the next.
func TestValuesOfARepeatedNameStayApartFromOthers(t *testing.T) {
	if got, want := ParseForm("a=1&b=2&a=3&c=4"), (url.Values{"a": {"1", "3"}, "b": {"2"}, "c": {"4"}}); !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
}

func TestQueryIsReadWithoutWhatNobodySigned(t *testing.T) {
	for target, want := range map[string]url.Values{
		"/v":                     {},
		"/v?":                    {},
		"/v?callId=a;b":          {"callId": {"a;b"}},
		"/v?callId=100%&x":       {"callId": {"100%"}, "x": {""}},
		"/v?callId=a#&callId=b":  {"callId": {"a"}},
		"/v#?callId=b":           {},
		"/v?a=1?b=2&a=%3B":       {"a": {"1?b=2", ";"}},
		"/v?callId=a&callId=b&=": {"callId": {"a", "b"}, "": {""}},
	} {
		if got := ParseTarget(target); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", target, got, want)
		}
	}
}
