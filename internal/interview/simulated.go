package interview

import "fmt"

// SimulatedCampaign is the campaign of simulated interviews: a simulator plays its calls, and nothing of them counts.
func SimulatedCampaign() Campaign {
	return Campaign{
		Name: "Simulated interviews", Category: "oat drink", Simulated: true, Status: CampaignActive, AnswerMode: AnswerGather,
		PromptTemplate: "Nobody is called: a simulator plays the person.\n" +
			"- What does a litre of oat drink cost in your shop?\n" +
			"- How many cases of oat drink do you sell in a week?\n" +
			"- Did you run out of oat drink in the last month?\n",
		Hypotheses: []Hypothesis{
			{Question: "A litre of oat drink costs more than 2 dollars.", Status: HypothesisPending},
			{Question: "Shops sell four cases of oat drink in a week or more.", Status: HypothesisPending},
			{Question: "Shops ran out of oat drink in the last month.", Status: HypothesisPending},
		},
	}
}

// SimulatedFrom is the number that simulated interviews come from.
const SimulatedFrom = "+12025550100"

// SimulatedNumbers are the numbers of the people of simulated interviews. They are reserved for fiction (NANPA: 555-0100 to
// 555-0199), so that nobody can ever have one.
func SimulatedNumbers() []string {
	numbers := make([]string, 99)
	for i := range numbers {
		numbers[i] = fmt.Sprintf("+1202555%04d", 101+i)
	}
	return numbers
}
