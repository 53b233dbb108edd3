package webhook

import (
	"encoding/xml"
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
)

var update = flag.Bool("update", false, "write testdata/*.xml anew")

// golden compares a TwiML reply with testdata/name.xml. In the file each tag has a line of its own, for reading.
func golden(t *testing.T, name string, reply inbox.Reply) {
	t.Helper()
	if reply.Status != 200 || reply.ContentType != "text/xml" {
		t.Errorf("answered %d %s", reply.Status, reply.ContentType)
	}
	got := strings.ReplaceAll(string(reply.Body), "><", ">\n<") + "\n"
	file := filepath.Join("testdata", name+".xml")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("TwiML differs from %s:\n%s", file, got)
	}
}

// spoken parses a document strictly and returns the texts of its Say verbs.
func spoken(t *testing.T, document []byte) []string {
	t.Helper()
	var texts []string
	inSay := false
	for d := xml.NewDecoder(strings.NewReader(string(document))); ; {
		token, err := d.Token()
		if err == io.EOF {
			return texts
		}
		if err != nil {
			t.Fatalf("not well-formed: %v\n%s", err, document)
		}
		switch token := token.(type) {
		case xml.StartElement:
			if inSay {
				t.Fatalf("an element inside what is said:\n%s", document)
			}
			if inSay = token.Name.Local == "Say"; inSay {
				texts = append(texts, "")
			}
		case xml.EndElement:
			inSay = false
		case xml.CharData:
			if inSay {
				texts[len(texts)-1] += string(token)
			}
		}
	}
}

func TestCampaignTextIsSpokenNotExecuted(t *testing.T) {
	questions := []string{
		`Is 5 < 6 & 7 > "six"?`, `What's <Hangup/> to you?`, `]]> <!-- &amp; --> ?`, "How much is 10 € in 日本? 🙂",
	}
	call := consented()
	call.Script.Questions = questions
	_, reply := decide(t, call, event(KindConsent, "Digits", "1"))
	golden(t, "consent-escaped", reply)

	texts := spoken(t, reply.Body)
	if !slices.Equal(texts, call.Script.Recorded()) || !slices.Equal(texts[1:len(texts)-1], questions) {
		t.Errorf("spoken: %q", texts)
	}
}

func TestCampaignWithoutQuestionsStillAsksOne(t *testing.T) {
	call := consented()
	call.Script.Questions = []string{"", " \t "}
	_, reply := decide(t, call, event(KindConsent, "Digits", "1"))
	golden(t, "consent-no-questions", reply)
	if slices.Contains(spoken(t, reply.Body), "") {
		t.Error("an empty Say")
	}
}

func TestCallbackURLsAreAbsoluteSignedPartsEscaped(t *testing.T) {
	w := New(Config{URLs: interview.CallbackURLs{Base: "https://calls.example.com/prefix/"}})
	call := consented()
	call.ID = `a&b"c`
	e := event(KindConsent, "Digits", "1")
	_, reply, err := w.Decide(call, e)
	if err != nil {
		t.Fatal(err)
	}
	spoken(t, reply.Body)
	want := `"https://calls.example.com/prefix/api/webhooks/twilio/recording?callId=a%26b%22c#rc=5&amp;rp=5xx,ct,rt&amp;rt=4500&amp;ct=2000"`
	if !strings.Contains(string(reply.Body), want) {
		t.Errorf("no %s in\n%s", want, reply.Body)
	}
}

func FuzzTwiMLIsWellFormed(f *testing.F) {
	f.Add("campaign", "category", "question?")
	f.Add("]]>", "<Say>", `&"'`)
	f.Add("\x00\x1f", "\xff\xfe", "\ufffe\uffff\U0001F642")
	f.Fuzz(func(t *testing.T, name, category, question string) {
		call := consented()
		call.Script = interview.Script{CampaignName: name, Category: category, Questions: []string{question}}
		for kind, says := range map[inbox.Kind]int{inbox.KindVoice: 3, KindConsent: 3} {
			call.Consent = interview.ConsentUnknown
			_, reply := decide(t, call, event(kind, "Digits", "1"))
			if got := len(spoken(t, reply.Body)); got != says {
				t.Errorf("%s says %d things, not %d:\n%s", kind, got, says, reply.Body)
			}
			if !utf8.Valid(reply.Body) {
				t.Errorf("%s is not UTF-8", kind)
			}
		}
	})
}

func BenchmarkDecideStatus(b *testing.B) { benchmark(b, statusEvents()[3]) }
func BenchmarkDecideVoice(b *testing.B) {
	benchmark(b, event(inbox.KindVoice, "CallStatus", "in-progress"))
}

func benchmark(b *testing.B, e *inbox.Event) {
	w, call := newWebhooks(), dialed()
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := w.Decide(call, e); err != nil {
			b.Fatal(err)
		}
	}
}
