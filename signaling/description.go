package signaling

import (
	"fmt"
	"slices"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
	"github.com/parleyrtc/webrtc/sdp"
)

// description is what stands in one of the four slots. It is not changed once
// it stands there, but replaced.
type description struct {
	kind Type
	// text is the description as it was set; the content is what it says, nil in a
	// negotiation that is packed.
	text string
	*content
	// trickles says whether its author takes candidates later on.
	trickles bool
	// rows is the table of m-lines with this description applied.
	rows []mline
	// added and ended are the candidates and ends of candidates that the peer
	// sent after the description, for each section. Local ones are in
	// negotiation.gathered.
	added [][]string
	ended []bool
}

func newDescription(kind Type, text string, c *content) *description {
	return &description{
		kind: kind, text: text, content: c, trickles: c.hasICEOption("trickle"),
		added: make([][]string, len(c.Media)), ended: make([]bool, len(c.Media)),
	}
}

// withRows returns the description with another table: that of the answer.
func (d *description) withRows(rows []mline) *description {
	c := *d
	c.rows = rows
	return &c
}

// section returns the section at an index, or nil if there is none.
func (d *description) section(i int) *sdp.Media {
	if d == nil || i < 0 || i >= len(d.Media) {
		return nil
	}
	return d.Media[i]
}

// withCandidate returns the description with a candidate of section i, or with
// the section's end of candidates if candidate is "".
func (d *description) withCandidate(i int, candidate string) *description {
	c := *d
	if candidate == "" {
		c.ended = slices.Clone(d.ended)
		c.ended[i] = true
		return &c
	}
	if slices.Contains(d.Media[i].Candidates, candidate) || slices.Contains(d.added[i], candidate) {
		return d
	}
	c.added = slices.Clone(d.added)
	c.added[i] = append(c.added[i], candidate)
	return &c
}

// candidates returns all candidates of section i, and whether it has no more.
func (d *description) candidates(i int) ([]string, bool) {
	m := d.Media[i]
	return slices.Concat(m.Candidates, d.added[i]), m.EndOfCandidates || d.ended[i]
}

// allCredentials returns those of all sections in use.
func (d *description) allCredentials() []ICEParameters {
	if d == nil {
		return nil
	}
	var list []ICEParameters
	for i, m := range d.Media {
		if p := d.credentials(i); !unusable(m) && p.Ufrag != "" && !slices.Contains(list, p) {
			list = append(list, p)
		}
	}
	return list
}

// invalid returns the error for a description whose content is wrong.
//
// webrtc-pc §4.4.1.5: "If the content of description is invalid, then reject p
// with a newly created InvalidAccessError".
func invalid(format string, arguments ...any) error {
	return &rtcerr.InvalidAccessError{Err: fmt.Errorf(format, arguments...)}
}

// invalidFor is invalid for a reason that programs may test for.
func invalidFor(reason error, format string, arguments ...any) error {
	return &rtcerr.InvalidAccessError{Err: rtcerr.Because(reason, fmt.Errorf(format, arguments...))}
}

// section names a section in an error.
func section(i int, m *sdp.Media) string {
	if m.Mid == "" {
		return fmt.Sprintf("section %d (%s, without a mid)", i, m.Kind)
	}
	return fmt.Sprintf("section %d (%s, mid %q)", i, m.Kind, m.Mid)
}
