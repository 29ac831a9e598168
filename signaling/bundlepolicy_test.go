package signaling

import (
	"slices"
	"strings"
	"testing"

	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// under returns two endpoints, of which the first has a bundle policy.
func under(t testing.TB, policy BundlePolicy) (a, b *endpoint) {
	a = newEndpointWith(t, "Alice", Config{SessionID: 42, Bundle: policy}).withMedia()
	return a, newEndpoint(t, "Bob").withMedia()
}

// ofSections returns the transport of each section of the newest offer or answer, by
// the order of first use, and which sections are bundle-only.
func (e *endpoint) ofSections() string {
	var words []string
	numbers := map[TransportID]string{}
	d := e.n.pendingLocal
	if d == nil {
		d = e.n.currentLocal
	}
	for i, row := range e.n.lines {
		if _, ok := numbers[row.transport]; !ok {
			numbers[row.transport] = decimal(len(numbers) + 1)
		}
		word := numbers[row.transport]
		if row.rejected {
			word = "-"
		}
		if d.Media[i].BundleOnly {
			word += "?"
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

// RFC 9429 §4.1.1: the bundle policies, in an initial offer of two sections of audio,
// two of video and one of data, and what an answer makes of it: one that bundles all,
// and one of a peer that knows no bundle.
func TestBundlePolicies(t *testing.T) {
	for _, test := range []struct {
		policy                      BundlePolicy
		offered, bundled, unbundled string
	}{
		{Balanced, "1 1? 2 2? 3", "1 1 1 1 1", "1 - 2 - 3"},
		{MaxCompat, "1 2 3 4 5", "1 1 1 1 1", "1 2 3 4 5"},
		{MaxBundle, "1 1? 1? 1? 1?", "1 1 1 1 1", "1 - - - -"},
	} {
		for _, bundles := range []bool{true, false} {
			a, b := under(t, test.policy)
			for _, kind := range []codec.Kind{codec.Audio, codec.Audio, codec.Video, codec.Video} {
				a.addTrack(kind)
			}
			offer := a.offer()
			if got := a.ofSections(); got != test.offered {
				t.Errorf("policy %d: offered %q, want %q", test.policy, got, test.offered)
			}
			for i, m := range a.n.pendingLocal.Media {
				// RFC 9143 §7.1.3: bundle-only sections have no attributes of a transport.
				if only := m.BundleOnly; only != (m.Port == 0) || only != (m.Transport.ICEUfrag == "") || only != (len(m.Transport.Fingerprints) == 0) {
					t.Errorf("policy %d: section %d is %+v", test.policy, i, m.Transport)
				}
			}
			want := test.bundled
			if !bundles {
				// What a peer without bundle finds: port 0 is a rejection.
				offer, want = without(t, offer, "a=group"), test.unbundled
			}
			a.setRemote(b.answer(offer))
			a.ofRows(t, "answered", want)
			wantMedia(a, b, "with the policy")
			if bundles {
				wantConnected(a, b, "bundled")
			}
			// Further offers: what the peer is known to bundle joins it.
			a.addTrack(codec.Video)
			a.offer()
			if got := a.ofSections(); bundles && got != "1 1 1 1 1 1" {
				t.Errorf("policy %d: with another section %q", test.policy, got)
			}
		}
	}
}

// The transports that an answer leaves without a section end, and a rollback ends all
// of them.
func TestTransportsOfPoliciesEnd(t *testing.T) {
	a, b := under(t, MaxCompat)
	a.addTrack(codec.Audio)
	a.addTrack(codec.Video)
	a.offer()
	if len(a.ids()) != 3 {
		t.Fatalf("got\n%s", a.world.describe())
	}
	a.rollback()
	if len(a.ids()) != 0 || len(a.world.closed) != 3 {
		t.Errorf("after the rollback\n%s", a.world.describe())
	}
	offer := a.offer()
	provisional := b.answer(offer)
	provisional.Type = Pranswer
	a.setRemote(provisional)
	if len(a.ids()) != 3 {
		t.Errorf("a provisional answer ends transports:\n%s", a.world.describe())
	}
	provisional.Type = Answer
	a.setRemote(provisional)
	wantConnected(a, b, "bundled")
	if len(a.world.closed) != 5 {
		t.Errorf("%d transports have ended, want 5", len(a.world.closed))
	}
}

// RFC 9143 §7.3: an answerer rejects the tagged section, or takes one out of the
// group.
func TestSingleSectionsOutsideOfTheBundle(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(t *testing.T, answer Description) Description
		want   string
	}{
		{"the tagged section is rejected", func(t *testing.T, d Description) Description {
			d = replaced(t, d, "m=audio 9", "m=audio 0")
			return replaced(t, d, "BUNDLE 0 1 2", "BUNDLE 1 2")
		}, "- 1 1"},
		{"a section is taken out", func(t *testing.T, d Description) Description {
			return replaced(t, d, "BUNDLE 0 1 2", "BUNDLE 0 2")
		}, "1 2 1"},
		{"the tagged section is taken out", func(t *testing.T, d Description) Description {
			return replaced(t, d, "BUNDLE 0 1 2", "BUNDLE 1 2")
		}, "1 2 2"},
	} {
		a, b := under(t, Balanced)
		a.addTrack(codec.Audio)
		a.addTrack(codec.Video)
		a.setRemote(test.change(t, b.answer(a.offer())))
		a.ofRows(t, test.name, test.want)
		// A re-offer changes nothing of it.
		before := a.ids()
		a.offer()
		a.ofRows(t, test.name+", offered again", test.want)
		if !slices.Equal(before, a.ids()) {
			t.Errorf("%s: the transports were %v and are %v", test.name, before, a.ids())
		}
	}
}

func (e *endpoint) ofRows(t *testing.T, when, want string) {
	t.Helper()
	// A rejected row has no transport, and takes no number.
	got := strings.ReplaceAll(e.ofSections(), "?", "")
	numbers := map[string]string{"-": "-"}
	var words []string
	for _, w := range strings.Fields(got) {
		if _, ok := numbers[w]; !ok {
			numbers[w] = decimal(len(numbers))
		}
		words = append(words, numbers[w])
	}
	if s := strings.Join(words, " "); s != want {
		t.Errorf("%s: transports %q, want %q", when, s, want)
	}
}

// A section that is bundle-only and in no group is rejected, whoever wrote it.
func TestBundleOnlyWithoutGroup(t *testing.T) {
	a, b := under(t, MaxBundle)
	a.addTrack(codec.Audio)
	a.addTrack(codec.Video)
	answer := b.answer(without(t, a.offer(), "a=group"))
	got := lines(&answer, "m=")
	if !strings.HasPrefix(got[0], "m=audio 9") || !strings.HasPrefix(got[1], "m=video 0") || !strings.HasPrefix(got[2], "m=application 0") {
		t.Errorf("got %q", got)
	}
	// To accept it is an error of the peer's.
	c, _ := under(t, MaxBundle)
	c.addTrack(codec.Audio)
	c.addTrack(codec.Video)
	accepted := replaced(t, newEndpoint(t, "Bob").withMedia().answer(c.offer()), "BUNDLE 0 1 2", "BUNDLE 0 2")
	if _, err := c.SetRemote(accepted, c.local); !is[*rtcerr.InvalidAccessError](err) {
		t.Errorf("an answer with a bundle-only section outside of the group: %v", err)
	}
}

// The transports of an initial offer have the same credentials, as browsers have it,
// unless nothing else tells them apart.
func TestCredentialsOfSeparateTransports(t *testing.T) {
	for _, shared := range []bool{false, true} {
		a := newEndpointWith(t, "Alice", Config{SessionID: 42, Bundle: MaxCompat, SharedPorts: shared}).withMedia()
		b := newEndpoint(t, "Bob").withMedia()
		a.addTrack(codec.Audio)
		a.addTrack(codec.Video)
		distinct := func() int {
			d := a.PendingLocal()
			ufrags := lines(d, "a=ice-ufrag:")
			slices.Sort(ufrags)
			return len(slices.Compact(ufrags))
		}
		want := 1
		if shared {
			want = 3
		}
		a.offer()
		if n := distinct(); n != want {
			t.Errorf("shared ports %v: %d ufrags, want %d", shared, n, want)
		}
		// A further offer before the answer adds to them.
		a.addTrack(codec.Audio)
		offer := a.offer()
		if n := distinct(); shared && n != 4 || !shared && n != 1 {
			t.Errorf("shared ports %v: %d ufrags with another section", shared, n)
		}
		a.setRemote(b.answer(offer))
		wantConnected(a, b, "bundled")
		// A restart is one of what is left.
		a.RestartICE()
		negotiate(a, b)
		wantConnected(a, b, "restarted")
	}
}
