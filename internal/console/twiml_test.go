package console

import (
	"slices"
	"strings"
	"testing"
)

func TestTwiMLSaysWhatItPlays(t *testing.T) {
	const document = `<?xml version="1.0" encoding="UTF-8"?><Response><Gather input="dtmf speech" action="https://x/?a=1&amp;b=2"><Say>Hello &lt;you&gt;</Say>` +
		`</Gather><Start><Recording channels="dual"/></Start><Say language="de-DE">Danke</Say><Pause length="20"/><Hangup/></Response>`
	pieces, plays := readTwiML([]byte(document))
	want := []string{"“Hello <you>”", "(an answer is awaited; the rest is played only if none comes)", "(the recording begins)", "“Danke”", "(silence of 20 seconds)", "(hung up)"}
	if !slices.Equal(plays, want) {
		t.Errorf("it plays %q", plays)
	}
	var text strings.Builder
	for _, p := range pieces {
		text.WriteString(p.text)
	}
	if got := text.String(); !strings.Contains(got, "\n  <Gather input=\"dtmf speech\"") || !strings.Contains(got, "\n    <Say>Hello <you></Say>\n") || !strings.Contains(got, "\n  <Hangup/>\n</Response>") {
		t.Errorf("%s", got)
	}
	for _, broken := range []string{"<Response><Say>no end", "plain text", ""} {
		if pieces, plays := readTwiML([]byte(broken)); plays != nil && broken != "plain text" || len(pieces) > 1 {
			t.Errorf("%q: %v, %q", broken, pieces, plays)
		}
	}
}

func FuzzReadTwiML(f *testing.F) {
	f.Add([]byte(`<Response><Say>a</Say></Response>`))
	f.Add([]byte(`</a>`))
	f.Fuzz(func(_ *testing.T, document []byte) { readTwiML(document) })
}
