package explain

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

// shellWords takes a command line apart as a POSIX shell does, with the $'…' of bash: quotes, backslashes, continued lines.
// Nothing is expanded or run; the command ends at an unquoted ; | & or line end.
func shellWords(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	inWord := false
	end := func() {
		if inWord {
			words = append(words, word.String())
			word.Reset()
			inWord = false
		}
	}
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\' && i+1 < len(line):
			i++
			switch {
			case line[i] == '\n':
			case line[i] == '\r' && i+1 < len(line) && line[i+1] == '\n':
				i++
			default:
				word.WriteByte(line[i])
				inWord = true
			}
		case c == ' ' || c == '\t' || c == '\r':
			end()
		case c == '\n' || c == ';' || c == '|' || c == '&' || c == '>' || c == '<':
			end()
			return words, nil
		case c == '\'' || c == '"' || c == '$' && i+1 < len(line) && line[i+1] == '\'':
			inWord = true
			n, text, err := quoted(line[i:])
			if err != nil {
				return nil, err
			}
			word.WriteString(text)
			i += n - 1
		default:
			word.WriteByte(c)
			inWord = true
		}
	}
	end()
	return words, nil
}

var errQuote = errors.New("a quote is not closed")

// quoted reads a quoted text at the beginning of s and says how long it is there.
func quoted(s string) (n int, text string, err error) {
	if s[0] == '\'' {
		end := strings.IndexByte(s[1:], '\'')
		if end < 0 {
			return 0, "", errQuote
		}
		return end + 2, s[1 : 1+end], nil
	}
	closing, start := byte('"'), 1
	if s[0] == '$' {
		closing, start = '\'', 2
	}
	var b strings.Builder
	for i := start; i < len(s); i++ {
		switch {
		case s[i] == closing:
			return i + 1, b.String(), nil
		case s[i] == '\\' && i+1 < len(s) && closing == '"':
			i++
			if s[i] == '\n' {
				continue
			}
			if !strings.ContainsRune("$`\"\\", rune(s[i])) {
				b.WriteByte('\\')
			}
			b.WriteByte(s[i])
		case s[i] == '\\' && i+1 < len(s):
			used, char := escaped(s[i+1:])
			b.WriteString(char)
			i += used
		default:
			b.WriteByte(s[i])
		}
	}
	return 0, "", errQuote
}

// escaped reads what follows a backslash in $'…'.
func escaped(s string) (used int, char string) {
	simple := map[byte]string{'n': "\n", 'r': "\r", 't': "\t", 'a': "\a", 'b': "\b", 'f': "\f", 'v': "\v", 'e': "\x1b", 'E': "\x1b"}
	if char, ok := simple[s[0]]; ok {
		return 1, char
	}
	number := func(from, most, base int) (int, uint64, bool) {
		end := from
		for end < len(s) && end < from+most && strings.IndexByte("0123456789abcdefABCDEF"[:map[int]int{8: 8, 16: 22}[base]], s[end]) >= 0 {
			end++
		}
		value, err := strconv.ParseUint(s[from:end], base, 32)
		return end, value, err == nil
	}
	switch s[0] {
	case 'x':
		if end, value, ok := number(1, 2, 16); ok {
			return end, string([]byte{byte(value)})
		}
	case 'u', 'U':
		most := map[byte]int{'u': 4, 'U': 8}[s[0]]
		if end, value, ok := number(1, most, 16); ok && utf8.ValidRune(rune(value)) {
			return end, string(rune(value))
		}
	case '0', '1', '2', '3', '4', '5', '6', '7':
		if end, value, ok := number(0, 3, 8); ok {
			return end, string([]byte{byte(value)})
		}
	}
	if strings.ContainsRune(`\'"?`, rune(s[0])) {
		return 1, s[:1]
	}
	return 1, `\` + s[:1]
}
