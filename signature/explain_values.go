package signature

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// splitValues takes values apart at commas: those of one name, or all for "".
func splitValues(pairs []pair, name string) []pair {
	var list []pair
	for _, p := range pairs {
		if name != "" && p.name != name {
			list = append(list, p)
			continue
		}
		for _, value := range strings.Split(p.value, ",") {
			list = append(list, pair{p.name, strings.TrimPrefix(value, " ")})
		}
	}
	return list
}

// joinValues joins the values of each name with commas.
func joinValues(pairs []pair) []pair {
	at := map[string]int{}
	var list []pair
	for _, p := range pairs {
		if i, seen := at[p.name]; seen {
			list[i].value += "," + p.value
			continue
		}
		at[p.name] = len(list)
		list = append(list, p)
	}
	return list
}

// plainNames takes the brackets from names such as "Digits[]" and "Digits[0]".
func plainNames(pairs []pair) []pair {
	list := slices.Clone(pairs)
	for i, p := range list {
		if name, index, ok := strings.Cut(p.name, "["); ok && strings.Trim(index, "0123456789]") == "" {
			list[i].name = name
		}
	}
	return list
}

// windows1252 are the bytes from 0x80 to 0x9f, where it differs from Latin-1.
var windows1252 = [32]rune{'€', 0x81, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 0x8d, 'Ž', 0x8f,
	0x90, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', 0x9d, 'ž', 'Ÿ'}

// latin1ToUTF8 leaves alone what is UTF-8 already.
func latin1ToUTF8(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	runes := make([]rune, len(s))
	for i := range len(s) {
		runes[i] = rune(s[i])
		if s[i] >= 0x80 && s[i] < 0xa0 {
			runes[i] = windows1252[s[i]-0x80]
		}
	}
	return string(runes)
}

// utf8ToLatin1 leaves alone what Latin-1 and Windows-1252 cannot express. Its result is also what was UTF-8
// before something took it for Latin-1.
func utf8ToLatin1(s string) string {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		i := slices.Index(windows1252[:], r)
		switch {
		case i >= 0:
			b = append(b, byte(0x80+i))
		case r < 0x100:
			b = append(b, byte(r))
		default:
			return s
		}
	}
	return string(b)
}
