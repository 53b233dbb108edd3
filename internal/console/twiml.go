package console

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// span is a piece of highlighted text; its class is "" for plain text.
type span struct{ class, text string }

// readTwiML returns a document with a line for each verb, in pieces for highlighting, and what it plays and asks to the person on the
// phone, in order, as if they said nothing and did not hang up. A document that is no XML is one plain piece, and plays nothing.
func readTwiML(document []byte) (pieces []span, plays []string) {
	decoder := xml.NewDecoder(bytes.NewReader(document))
	depth, verb, text, empty := 0, []string{}, false, false
	write := func(class, text string) { pieces = append(pieces, span{class, text}) }
	line := func() {
		if len(pieces) > 0 {
			write("", "\n")
		}
		write("", strings.Repeat("  ", depth))
	}
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return pieces, plays
		}
		if err != nil {
			return []span{{"", string(document)}}, nil
		}
		switch t := token.(type) {
		case xml.StartElement:
			line()
			write("tag", "<"+t.Name.Local)
			for _, a := range t.Attr {
				write("name", " "+a.Name.Local+"=")
				write("value", `"`+a.Value+`"`)
			}
			write("tag", ">")
			depth, verb, text, empty = depth+1, append(verb, t.Name.Local), false, true
			plays = append(plays, sounds(t)...)
		case xml.EndElement:
			depth, verb = depth-1, verb[:len(verb)-1]
			if t.Name.Local == "Gather" {
				plays = append(plays, "(an answer is awaited; the rest is played only if none comes)")
			}
			if empty {
				pieces[len(pieces)-1].text = "/>"
			} else {
				if !text {
					line()
				}
				write("tag", "</"+t.Name.Local+">")
			}
			text, empty = false, false
		case xml.CharData:
			said := strings.TrimSpace(string(t))
			if said == "" {
				continue
			}
			write("", said)
			text, empty = true, false
			if len(verb) > 0 && verb[len(verb)-1] == "Say" {
				plays = append(plays, "“"+said+"”")
			}
		}
	}
}

// sounds says what a verb is to the person on the phone, nothing for one that is only around others.
func sounds(verb xml.StartElement) []string {
	value := func(name string) string {
		for _, a := range verb.Attr {
			if a.Name.Local == name {
				return a.Value
			}
		}
		return ""
	}
	switch verb.Name.Local {
	case "Pause":
		if length := value("length"); length != "" {
			return []string{"(silence of " + length + " seconds)"}
		}
		return []string{"(silence)"}
	case "Recording":
		return []string{"(the recording begins)"}
	case "Hangup":
		return []string{"(hung up)"}
	}
	return nil
}
