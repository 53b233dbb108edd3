package simulator

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// document is a TwiML document and where it came from: relative URLs in it are resolved against that.
type document struct {
	url   string // empty for TwiML that came with a REST request
	verbs []*node
}

// node is an XML element; text is its own character data and that of its children, as speech would read it.
type node struct {
	name     string
	attrs    map[string]string
	children []*node
	text     string
}

// parseTwiML reads a document. Its root must be Response; what verbs there are is not checked here.
func parseTwiML(text string) ([]*node, error) {
	d := xml.NewDecoder(strings.NewReader(text))
	root := &node{}
	open := []*node{root}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("parsing TwiML: %w", err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			n := &node{name: t.Name.Local, attrs: map[string]string{}}
			for _, a := range t.Attr {
				n.attrs[a.Name.Local] = a.Value
			}
			parent := open[len(open)-1]
			parent.children = append(parent.children, n)
			open = append(open, n)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			for _, n := range open {
				n.text += string(t)
			}
		}
	}
	if len(root.children) != 1 || root.children[0].name != "Response" {
		return nil, errors.New("parsing TwiML: the root element is not Response")
	}
	return root.children[0].children, nil
}

// attr is the attribute's value, or the default when it is missing.
func (n *node) attr(name, otherwise string) string {
	if v, ok := n.attrs[name]; ok {
		return v
	}
	return otherwise
}

// seconds reads an attribute that is a number of seconds.
func (n *node) seconds(name string, otherwise int) time.Duration {
	v, err := strconv.Atoi(strings.TrimSpace(n.attr(name, "")))
	if err != nil || v < 0 {
		v = otherwise
	}
	return time.Duration(v) * time.Second
}

// words is the text without the white space of an indented document.
func (n *node) words() string { return strings.Join(strings.Fields(n.text), " ") }
