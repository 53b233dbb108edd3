package evidence

import (
	"math"

	"github.com/i-agent/iagent/internal/interview"
)

// inNumbers joins the words that make one number, as in "one hundred and twenty five", and says an amount of money in
// one way: "$12.50" and "twelve dollars fifty" both become 12.5 and "dollars".
func inNumbers(words []token) []token {
	all := make([]token, 0, len(words))
	for i := 0; i < len(words); {
		n := 1
		if money := unitWords[words[i].word]; words[i].sign && isMoney(money) {
			if numbers, length := readNumber(rest(words, i+1)); length > 0 {
				n += length
				all = append(all, number(words[i:i+n], numbers), after(words[i], words[i+n-1].end))
				i += n
				continue
			}
		}
		if follows(words, i, "per", "cent") {
			percent := words[i]
			percent.word, percent.end = "percent", words[i+1].end
			all = append(all, percent)
			i += 2
			continue
		}
		negative := (words[i].word == "minus" || words[i].word == "negative") && i+1 < len(words)
		first := i
		if negative {
			first++
		}
		numbers, length := readNumber(rest(words, first))
		if length == 0 {
			all = append(all, words[i])
			i++
			continue
		}
		end, money := first+length, token{} // money is the word that goes behind the number
		if !negative {
			numbers, end, money = withCents(words, end, numbers)
		}
		t := number(words[i:end], numbers)
		if words[first].word == "once" || words[first].word == "twice" {
			money = token{word: "times", start: t.end, end: t.end}
		}
		if negative {
			for k := range t.numbers {
				t.numbers[k] = -t.numbers[k]
			}
		}
		all = append(all, t)
		if money.word != "" {
			all = append(all, money)
		}
		i = end
	}
	return all
}

// withCents joins the small money that follows a number which ends before words[at]: in "twelve dollars fifty", "twelve
// dollars and fifty cents" and "fifty cents". It returns the amount, where it ends, and the word for the money when it
// was taken in.
func withCents(words []token, at int, numbers []float64) ([]float64, int, token) {
	next := rest(words, at)
	if len(next) == 0 || next[0].broken {
		return numbers, at, token{}
	}
	if small := centWords[next[0].word]; small != "" && (next[0].word != "p" || next[0].joined) {
		return []float64{numbers[0] / 100}, at + 1, token{word: small, start: next[0].end, end: next[0].end}
	}
	if !isMoney(unitWords[next[0].word]) {
		return numbers, at, token{}
	}
	from := 1
	and := len(next) > 1 && next[1].word == "and" && !next[1].broken
	if and {
		from++
	}
	cents, length := readNumber(rest(next, from))
	if length == 0 || next[from].broken || len(cents) != 1 || cents[0] < 0 || cents[0] > 99 || cents[0] != math.Trunc(cents[0]) {
		return numbers, at, token{}
	}
	end := from + length
	named := end < len(next) && centWords[next[end].word] != "" && !next[end].broken
	switch {
	case named:
		end++
	case and, cents[0] < 10:
		return numbers, at, token{}
	case end < len(next) && !next[end].broken && (unitWords[next[end].word] != "" || next[end].word == "-"):
		return numbers, at, token{} // "twelve dollars fifty cases": two measures
	}
	last := next[end-1].end
	return []float64{numbers[0] + cents[0]/100}, at + end, after(next[0], last)
}

var centWords = map[string]string{"cent": "dollars", "cents": "dollars", "pence": "pounds", "penny": "pounds", "p": "pounds"}

func isMoney(u interview.Unit) bool {
	return u == interview.UnitUSD || u == interview.UnitEUR || u == interview.UnitGBP || u == interview.UnitJPY
}

// number is the token of a number that takes some words.
func number(words []token, numbers []float64) token {
	t := words[0]
	t.word, t.sign, t.numbers, t.end = "", false, numbers, words[len(words)-1].end
	return t
}

// after is a word that was said inside a number, put behind it.
func after(word token, end int) token { return token{word: word.word, start: end, end: end} }

func rest(words []token, from int) []token {
	if from >= len(words) {
		return nil
	}
	return words[from:]
}

// follows reports that these words stand at a place, with nothing between them.
func follows(words []token, at int, want ...string) bool {
	for i, w := range want {
		if at+i >= len(words) || words[at+i].word != w || (i > 0 && words[at+i].broken) {
			return false
		}
	}
	return true
}

// readNumber reads the number that words begin with: its readings, and how many words it takes, 0 for none.
func readNumber(words []token) ([]float64, int) {
	if len(words) == 0 {
		return nil, 0
	}
	value, n := start(words)
	if n == 0 {
		return nil, 0
	}
	value, n = fraction(words, value, n)
	for n < len(words) && !words[n].broken {
		scale, ok := scales[words[n].word]
		if suffix, abbreviated := suffixes[words[n].word]; abbreviated && words[n].joined && words[n-1].digits {
			scale, ok = suffix, true
		}
		if !ok {
			break
		}
		value *= scale
		n++
	}
	if more, length := beside(words, value, n); length > 0 {
		return []float64{value*100 + more, value + more/100}, n + length
	}
	if math.IsInf(value, 0) {
		value = math.MaxFloat64
	}
	return []float64{value}, n
}

// start reads a number without fraction and scale.
func start(words []token) (float64, int) {
	switch {
	case follows(words, 0, "half", "a", "dozen"):
		return 6, 3
	case follows(words, 0, "half", "a", "million"):
		return 500_000, 3
	case follows(words, 0, "half"):
		return 0.5, 1
	case follows(words, 0, "a", "couple"):
		return 2, 2
	case follows(words, 0, "a", "quarter", "of"):
		return 0.25, 2
	case follows(words, 0, "twice"):
		return 2, 1
	case follows(words, 0, "once"):
		return 1, 1
	case words[0].word == "a" || words[0].word == "an":
		if len(words) > 1 && !words[1].broken && scales[words[1].word] > 0 {
			value, n := cardinal(words[1:])
			if n == 0 {
				return 1, 1 // "a dozen": the scale follows
			}
			return value, n + 1
		}
		return 0, 0
	}
	return cardinal(words)
}

// fraction adds what comes after the point, or "and a half".
func fraction(words []token, value float64, n int) (float64, int) {
	switch {
	case follows(words, n, "and", "a", "half"):
		return value + 0.5, n + 3
	case follows(words, n, "and", "a", "quarter"):
		return value + 0.25, n + 3
	case follows(words, n, "and", "three", "quarters"):
		return value + 0.75, n + 3
	case n < len(words) && words[n].word == "point" && !words[n].broken:
		place, k := 0.1, n+1
		for ; k < len(words) && !words[k].broken; k++ {
			digit, ok := digitOf(words[k])
			if !ok {
				break
			}
			value += digit * place
			place /= 10
		}
		if k > n+1 {
			return value, k
		}
		if more, length := cardinal(rest(words, n+1)); length > 0 && more >= 10 && more < 100 {
			return value + more/100, n + 1 + length
		}
	}
	return value, n
}

func digitOf(t token) (float64, bool) {
	if t.digits && len(t.numbers) == 1 && t.numbers[0] >= 0 && t.numbers[0] < 10 && t.end-t.start == 1 {
		return t.numbers[0], true
	}
	value, ok := smallNumbers[t.word]
	return value, ok && value < 10
}

// beside reads a second number right after one below a hundred, both in words: "twelve fifty", "nineteen oh five".
func beside(words []token, value float64, n int) (float64, int) {
	if words[0].digits || value < 1 || value > 99 || value != math.Trunc(value) || n >= len(words) || words[n].broken || words[n].digits {
		return 0, 0
	}
	if words[n].word == "oh" && n+1 < len(words) {
		if digit, ok := smallNumbers[words[n+1].word]; ok && digit > 0 && digit < 10 {
			return digit, 2
		}
		return 0, 0
	}
	if more, length := cardinal(words[n:]); length > 0 && more >= 10 && more < 100 {
		return more, length
	}
	return 0, 0
}

// cardinal reads a whole number in words, or one in figures with a scale: "two hundred and five", "1.5 million".
func cardinal(words []token) (float64, int) {
	const (
		none = iota
		unit // takes a scale only
		tens // takes a unit too
		hundred
		scaled
	)
	var total, current float64
	last, n := none, 0
	for n < len(words) && (n == 0 || !words[n].broken) {
		w := words[n]
		value, small := smallNumbers[w.word]
		scale, scales := scales[w.word]
		large := last == none || last == hundred || last == scaled
		switch {
		case w.isNumber() && last == none:
			current, last = w.numbers[0], unit
		case small && value < 20 && (large || last == tens && value < 10) && (value > 0 || last == none):
			current, last = current+value, unit
		case small && value >= 20 && large:
			current, last = current+value, tens
		case scales && scale == 100 && (last == none || last == unit || last == tens):
			current, last = max(current, 1)*100, hundred
			if n > 0 && words[n-1].word == "zero" {
				return total, n
			}
		case scales && scale >= 1000 && w.word != "grand" && last != scaled:
			if last == none {
				current = 1
			}
			total, current, last = total+current*scale, 0, scaled
		case w.word == "and" && (last == hundred || last == scaled) && smallNumbers[next(words, n)] > 0:
		default:
			return total + current, n
		}
		n++
	}
	return total + current, n
}

func next(words []token, n int) string {
	if n+1 < len(words) && !words[n+1].broken {
		return words[n+1].word
	}
	return ""
}

// smallNumbers are the words below a hundred.
var smallNumbers = map[string]float64{
	"zero": 0, "nought": 0, "nil": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
	"nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
	"seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fourty": 40, "fifty": 50,
	"sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}

// scales multiply the number before them.
var scales = map[string]float64{"dozen": 12, "hundred": 100, "thousand": 1e3, "grand": 1e3, "million": 1e6, "billion": 1e9}

// suffixes are scales written onto figures, as in "1.2k".
var suffixes = map[string]float64{"k": 1e3, "m": 1e6, "mn": 1e6, "bn": 1e9}
