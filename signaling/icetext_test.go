package signaling

import (
	"strings"
	"testing"
)

// RFC 8839 §5.4: "ice-ufrag = … 4*256ice-char", "ice-pwd = … 22*256ice-char".
func TestICETextIsThatOfTheGrammar(t *testing.T) {
	for _, c := range []struct {
		text string
		low  int
		ok   bool
	}{
		{"abc", 4, false},
		{"abcd", 4, true},
		{"aB0+/", 4, true},
		{"a-_=", 4, true},
		{strings.Repeat("a", 256), 4, true},
		{strings.Repeat("a", 257), 4, false},
		{strings.Repeat("a", 21), 22, false},
		{strings.Repeat("a", 22), 22, true},
		{strings.Repeat("a", 257), 22, false},
		{"ab*d", 4, false},
		{"ab d", 4, false},
		{"ab\u00e4d", 4, false},
	} {
		if ok := isICEText(c.text, c.low); ok != c.ok {
			t.Errorf("%.30q, at least %d characters: %v, want %v", c.text, c.low, ok, c.ok)
		}
	}
}
