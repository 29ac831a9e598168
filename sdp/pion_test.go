package sdp

import (
	"testing"

	pion "github.com/pion/sdp/v3"
)

// TestOtherReader gives what Marshal makes of the goldens to a reader that is
// not ours, and a strict one: it wants RFC 8866's order of lines.
func TestOtherReader(t *testing.T) {
	for name, text := range goldenFiles(t) {
		t.Run(name, func(t *testing.T) {
			s := wantParsed(t, text)
			var other pion.SessionDescription
			if err := other.UnmarshalString(s.Marshal()); err != nil {
				t.Fatalf("%v\n%s", err, s.Marshal())
			}
			if len(other.MediaDescriptions) != len(s.Media) {
				t.Fatalf("it finds %d sections instead of %d", len(other.MediaDescriptions), len(s.Media))
			}
			for i, m := range s.Media {
				if mid, _ := other.MediaDescriptions[i].Attribute("mid"); mid != m.Mid {
					t.Errorf("section %d has mid %q there, %q here", i, mid, m.Mid)
				}
			}
		})
	}
}

// TestLongOrigin reads session ids of more than 64 bits, which the grammar
// allows (RFC 8866 §5.2) and nobody compares.
func TestLongOrigin(t *testing.T) {
	s := wantParsed(t, "v=0\no=- 18446744073709551616 123456789012345678901234567890 IN IP4 0.0.0.0\n")
	if s.Origin.SessionID != 1<<64-1 || s.Origin.SessionVersion != 1<<64-1 {
		t.Errorf("got %+v", s.Origin)
	}
}
