package signaling

import (
	"slices"
	"strings"
	"testing"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// sections returns the content of a description with a section for each of the
// words, which has it as its mid: "a" is accepted, "a!" rejected, "a?"
// bundle-only. The words before the bar are bundled.
func sections(t *testing.T, words string) *content {
	t.Helper()
	inside, outside, _ := strings.Cut(words, "|")
	text := "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
	media := ""
	var group []string
	for i, word := range append(strings.Fields(inside), strings.Fields(outside)...) {
		mid := strings.TrimRight(word, "!?")
		if i < len(strings.Fields(inside)) {
			group = append(group, mid)
		}
		port, only := "9", ""
		switch word[len(word)-1] {
		case '!':
			port = "0"
		case '?':
			port, only = "0", "a=bundle-only\r\n"
		}
		media += "m=audio " + port + " UDP/TLS/RTP/SAVPF 0\r\nc=IN IP4 0.0.0.0\r\na=mid:" + mid + "\r\n" + only
	}
	if group != nil {
		text += "a=group:BUNDLE " + strings.Join(group, " ") + "\r\n"
	}
	c, err := parse(text + media)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Which transport carries which section: of an offer, and once it is answered.
func TestTransportsOfBundles(t *testing.T) {
	for _, test := range []struct {
		name          string
		before        []TransportID // of the rows that there are
		offer, answer string
		offered       []TransportID
		settled       []TransportID
	}{
		{"one group", nil, "a b c", "a b c", ids(10, 10, 10), ids(10, 10, 10)},
		{"no group", nil, "|a b", "|a b", ids(10, 11), ids(10, 11)},
		{"one outside", nil, "a b|c", "a b|c", ids(10, 10, 11), ids(10, 10, 11)},
		{"tagged is rejected", nil, "a b c", "a! b c", ids(10, 10, 10), ids(0, 10, 10)},
		{"answer unbundles one", nil, "a b", "a|b", ids(10, 10), ids(10, 11)},
		{"answer does not bundle", nil, "a b c", "|a b c", ids(10, 10, 10), ids(10, 11, 12)},
		{"what runs is joined", ids(3, 0), "a b", "a b", ids(3, 3), ids(3, 3)},
		{"the first that runs", ids(0, 4), "a b c", "a b c", ids(4, 4, 4), ids(4, 4, 4)},
		{"separate until bundled", ids(3, 4), "a b", "a b", ids(3, 4), ids(3, 3)},
		{"separate, tagged rejected", ids(3, 4, 5), "a b c", "a! b c", ids(3, 4, 5), ids(0, 4, 4)},
		{"rejected in the offer", nil, "a b!", "a b!", ids(10, 0), ids(10, 0)},
		{"bundle-only", nil, "a b?", "a b", ids(10, 10), ids(10, 10)},
	} {
		var rows []mline
		for i, id := range test.before {
			rows = append(rows, mline{mid: string(rune('a' + i)), kind: "audio", transport: id})
		}
		next := TransportID(10)
		got := propose(rows, sections(t, test.offer), &next)
		if x := transportsOf(got); !slices.Equal(x, test.offered) {
			t.Errorf("%s: offered %v, want %v", test.name, x, test.offered)
		}
		if x := transportsOf(settle(got, got, sections(t, test.answer), &next)); !slices.Equal(x, test.settled) {
			t.Errorf("%s: settled %v, want %v", test.name, x, test.settled)
		}
	}
}

func ids(list ...TransportID) []TransportID { return list }

func transportsOf(rows []mline) []TransportID {
	var list []TransportID
	for _, r := range rows {
		list = append(list, r.transport)
	}
	return list
}

// RFC 9143 §7.3: what an answer's group may have.
func TestBundleOfAnAnswer(t *testing.T) {
	for _, test := range []struct {
		offer, answer string
		ok            bool
	}{
		{"a b", "a b", true},
		{"a b", "a|b", true},
		{"a b", "a! b", true},
		{"a b", "|a b", true},
		{"a|b", "a b", false},
		{"|a b", "a b", false},
		{"a b?", "a b", true},
		{"a b?", "a|b", false}, // RFC 9143 §6: bundle-only means in the group or not at all
		{"a b?", "a|b!", true},
	} {
		err := checkBundleAnswer(sections(t, test.offer), sections(t, test.answer), remote)
		if (err == nil) != test.ok || err != nil && !is[*rtcerr.InvalidAccessError](err) {
			t.Errorf("offer %q, answer %q: %v", test.offer, test.answer, err)
		}
	}
}

// Mids in use are not given again, and are as short as can be.
func TestNewMid(t *testing.T) {
	for _, test := range []struct{ used, want string }{
		{"", "0"}, {"0 1", "2"}, {"0 2", "1"}, {"audio", "0"},
	} {
		var rows []mline
		for _, mid := range strings.Fields(test.used) {
			rows = append(rows, mline{mid: mid, rejected: true})
		}
		if got := newMids(rows).take(); got != test.want {
			t.Errorf("used %q: got %q, want %q", test.used, got, test.want)
		}
	}
}

// The section in use for data stays it, even if another one stands before it.
func TestDataStaysInItsSection(t *testing.T) {
	a := newEndpoint(t, "Alice")
	a.answer(Description{Offer, bundleOnlyData})
	id := a.onlyID()
	first := replaced(t, Description{Offer, bundleOnlyData}, "m=audio 9 UDP/TLS/RTP/SAVPF 0", "m=application 9 UDP/DTLS/SCTP webrtc-datachannel")
	answer := a.answer(replaced(t, replaced(t, first, "a=mid:a", "a=mid:b"), "BUNDLE a d", "BUNDLE b d"))
	if got := lines(&answer, "m="); !strings.HasPrefix(got[0], "m=application 0 ") || !strings.HasPrefix(got[1], "m=application 9 ") {
		t.Errorf("got %q", got)
	}
	if a.onlyID() != id || a.world.data.Transport != id {
		t.Errorf("got\n%s", a.world.describe())
	}
}
