package demo

import "fmt"

// Study is a campaign and the people who are called for it.
type Study struct {
	Name, Category string
	// Questions are asked in order.
	Questions []string
	// Hypotheses are what the answers decide.
	Hypotheses []Hypothesis
	People     []Person
}

// Hypothesis is a statement and the verdict that the people's answers come to.
type Hypothesis struct {
	Question string
	Verdict  string
}

// Person answers each question of a study in order, with a line for each.
type Person struct {
	Name  string
	Lines []Line
}

// Line is what a person says to a question, and what a reader would note of it.
type Line struct {
	Say   string
	Notes []Note
}

// Note is a claim that the model of the demo makes of a line.
type Note struct {
	// Hypothesis is an index of Study.Hypotheses.
	Hypothesis int
	// Stance is supports, contradicts or neither.
	Stance string
	Field  string
	// Number is nil for a claim without a number, Unit then NONE.
	Number *float64
	Unit   string
	Text   string
	// Quote is what proves the claim. A quote that was not said is the model's invention: the claim must be rejected.
	Quote      string
	Confidence float64
}

// The hypotheses of OatDrink.
const (
	dear = iota
	slow
	soldOut
)

// OatDrink is the study of the demo: twelve shopkeepers, of whom any three in a row disagree about the third hypothesis.
func OatDrink() Study {
	return Study{
		Name: "Oat drink on the shelf", Category: "oat drink",
		Questions: []string{
			"What does a litre of oat drink cost in your shop?",
			"How many cases of oat drink do you sell in a week?",
			"Did you run out of oat drink in the last month?",
		},
		Hypotheses: []Hypothesis{
			{"A litre of oat drink costs more than 2 dollars.", "VALIDATED"},
			{"Shops sell fewer than three cases of oat drink a week.", "INVALIDATED"},
			{"Shops ran out of oat drink in the last month.", "INCONCLUSIVE"},
		},
		People: []Person{
			{"Ada", []Line{
				price("It costs 2 dollars and 49 cents.", 2.49, "It costs 2 dollars and 49 cents"),
				sales("About 5 cases per week.", 5, "About 5 cases per week"),
				ranOut("Yes, twice. Both times on a weekend.", "Yes, twice. Both times on a weekend", "supports", 0.9),
			}},
			{"Ben", []Line{
				price("Two ninety nine, and people still buy it.", 2.99, "Two ninety nine, and people still buy it"),
				sales("We sell eight cases a week, more in summer.", 8, "We sell eight cases a week"),
				ranOut("No, we never ran out of it. We order ahead.", "we never ran out of it", "contradicts", 0.95),
			}},
			{"Cleo", []Line{
				price("That would be $3.20 a litre.", 3.2, "$3.20 a litre"),
				sales("Between ten and twelve cases, I would say.", 11, "Between ten and twelve cases"),
				ranOut("I could not tell you, my colleague does the ordering.", "I could not tell you", "neither", 0.7),
			}},
			{"Dov", []Line{
				price("We take two dollars fifty for it.", 2.5, "two dollars fifty"),
				sales("Hmm, four cases a week. Call me on 555 123 4567 if you want the exact figure.", 4, "four cases a week"),
				ranOut("Oh yes, the shelf was empty for three days.", "the shelf was empty for three days", "supports", 0.95),
			}},
			{"Eve", []Line{
				price("It is on offer right now, a dollar seventy nine. I mean 1.79 dollars.", 1.79, "1.79 dollars"),
				sales("Two cases a week at most.", 2, "Two cases a week at most"),
				ranOut("Not once. It does not move fast enough for that.", "It does not move fast enough for that", "contradicts", 0.85),
			}},
			{"Finn", []Line{
				price("Three dollars, the same as last year.", 3, "Three dollars, the same as last year"),
				sales("One case a day, so about six cases a week.", 6, "about six cases a week"),
				ranOut("Hard to say. The delivery was late, but I think there was some left.", "I think there was some left", "neither", 0.4),
			}},
			{"Gus", []Line{
				price("2.79 dollars for the one with calcium.", 2.79, "2.79 dollars for the one with calcium"),
				sales("Fifteen cases a week, we are next to a gym.", 15, "Fifteen cases a week"),
				ranOut("We did, right after the holiday.", "We did, right after the holiday", "supports", 0.9),
			}},
			{"Hana", []Line{
				price("The cheap one is 2 dollars 19.", 2.19, "The cheap one is 2 dollars 19"),
				sales("Seven cases weekly.", 7, "Seven cases weekly"),
				ranOut("No, there was always enough.", "there was always enough", "contradicts", 0.9),
			}},
			{"Ivo", []Line{
				price("I pay one sixty and sell it for 2.59 dollars.", 2.59, "sell it for 2.59 dollars"),
				sales("A dozen cases a week.", 12, "A dozen cases a week"),
				ranOut("That was before I started here.", "That was before I started here", "neither", 0.6),
			}},
			{"Jun", []Line{
				price("It costs 3.49 dollars. It is organic.", 3.49, "It costs 3.49 dollars"),
				sales("Around nine cases a week.", 9, "Around nine cases a week"),
				ranOut("Yes. On two days we had 0 cases left.", "On two days we had 0 cases left", "supports", 0.9),
			}},
			{"Kim", []Line{
				price("Somewhere about two dollars sixty, I believe.", 2.6, "about two dollars sixty"),
				sales("Five or six cases, it depends on the weather.", 5, "Five or six cases"),
				ranOut("We had plenty of it all month.", "We had plenty of it all month", "contradicts", 0.9),
			}},
			{"Lou", []Line{
				price("We charge $2.89 at the moment.", 2.89, "We charge $2.89"),
				invented(sales("Ten cases a week.", 10, "Ten cases a week")),
				ranOut("You would have to ask the owner.", "You would have to ask the owner", "neither", 0.8),
			}},
		},
	}
}

func price(say string, dollars float64, quote string) Line {
	stance := "supports"
	if dollars <= 2 {
		stance = "contradicts"
	}
	return Line{say, []Note{{Hypothesis: dear, Stance: stance, Field: "PRICE", Number: &dollars, Unit: "USD",
		Text: fmt.Sprintf("A litre costs %v dollars.", dollars), Quote: quote, Confidence: 0.9}}}
}

func sales(say string, cases float64, quote string) Line {
	stance := "contradicts"
	if cases < 3 {
		stance = "supports"
	}
	return Line{say, []Note{{Hypothesis: slow, Stance: stance, Field: "VELOCITY", Number: &cases, Unit: "UNITS_PER_WEEK",
		Text: fmt.Sprintf("%v cases are sold in a week.", cases), Quote: quote, Confidence: 0.85}}}
}

func ranOut(say, quote, stance string, confidence float64) Line {
	text := "Whether the shop ran out in the last month is not clear."
	switch stance {
	case "supports":
		text = "The shop ran out in the last month."
	case "contradicts":
		text = "The shop did not run out in the last month."
	}
	return Line{say, []Note{{Hypothesis: soldOut, Stance: stance, Field: "STOCKOUT", Unit: "NONE",
		Text: text, Quote: quote, Confidence: confidence}}}
}

// invented adds what nobody said, as models do.
func invented(line Line) Line {
	made := line.Notes[0]
	made.Quote, made.Text = "customers ask for it every single day", "Customers ask for it every day."
	made.Number, made.Unit, made.Field = nil, "NONE", "CUSTOMER_FEEDBACK"
	line.Notes = append(line.Notes, made)
	return line
}
