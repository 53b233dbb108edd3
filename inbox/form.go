package inbox

import (
	"errors"
	"net/url"
	"strings"
)

// mostPairs bounds the room that is made for a form before it is read.
const mostPairs = 64

// parseForm is url.ParseQuery for the few dozen parameters of a webhook: the same result and the same refusals, with one
// allocation for all the values.
func parseForm(encoded string) (url.Values, error) {
	if encoded == "" {
		return url.Values{}, nil
	}
	pairs := min(strings.Count(encoded, "&")+1, mostPairs)
	form, values := make(url.Values, pairs), make([]string, 0, pairs)
	for encoded != "" {
		var pair string
		pair, encoded, _ = strings.Cut(encoded, "&")
		if pair == "" {
			continue
		}
		if strings.Contains(pair, ";") {
			return nil, errors.New("invalid semicolon separator")
		}
		key, value, _ := strings.Cut(pair, "=")
		key, err := url.QueryUnescape(key)
		if err != nil {
			return nil, err
		}
		if value, err = url.QueryUnescape(value); err != nil {
			return nil, err
		}
		if earlier, repeated := form[key]; repeated {
			form[key] = append(earlier, value)
			continue
		}
		values = append(values, value)
		form[key] = values[len(values)-1 : len(values) : len(values)]
	}
	return form, nil
}
