package signaling

import (
	"errors"
	"fmt"
	"slices"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
	"github.com/parleyrtc/webrtc/sdp"
)

// description is what stands in one of the four slots. It is not changed once
// it stands there, but replaced.
type description struct {
	kind Type
	// text is the description as it was set, session what it says.
	text    string
	session *sdp.Session
	// rows is the table of m-lines with this description applied.
	rows []mline
	// added and ended are the candidates and ends of candidates that the peer
	// sent after the description, for each section. Local ones are in
	// negotiation.gathered.
	added [][]string
	ended []bool
}

func newDescription(kind Type, text string, session *sdp.Session, rows []mline) *description {
	return &description{
		kind: kind, text: text, session: session, rows: rows,
		added: make([][]string, len(session.Media)), ended: make([]bool, len(session.Media)),
	}
}

// withRows returns the description with another table: that of the answer.
func (d *description) withRows(rows []mline) *description {
	c := *d
	c.rows = rows
	return &c
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
	if slices.Contains(d.session.Media[i].Candidates, candidate) || slices.Contains(d.added[i], candidate) {
		return d
	}
	c.added = slices.Clone(d.added)
	c.added[i] = append(c.added[i], candidate)
	return &c
}

// candidates returns all candidates of section i, and whether it has no more.
func (d *description) candidates(i int) ([]string, bool) {
	m := d.session.Media[i]
	return slices.Concat(m.Candidates, d.added[i]), m.EndOfCandidates || d.ended[i]
}

// credentials returns the ICE credentials that hold for section i.
func (d *description) credentials(i int) ICEParameters {
	t := transportOf(d.session, i)
	return ICEParameters{Ufrag: t.ICEUfrag, Pwd: t.ICEPwd}
}

// allCredentials returns those of all usable sections.
func (d *description) allCredentials() []ICEParameters {
	var list []ICEParameters
	if d == nil {
		return nil
	}
	for i, m := range d.session.Media {
		if p := d.credentials(i); !unusable(m) && p.Ufrag != "" && !slices.Contains(list, p) {
			list = append(list, p)
		}
	}
	return list
}

// parse reads a description.
//
// webrtc-pc §4.4.1.5: "If the content of description is not valid SDP syntax,
// then reject p with an RTCError (with errorDetail set to "sdp-syntax-error"
// and the sdpLineNumber attribute set to the line number in the SDP where the
// syntax error was detected)".
func parse(text string) (*sdp.Session, error) {
	session, err := sdp.Parse(text)
	if err == nil {
		return session, nil
	}
	failure := &rtcerr.RTCError{Detail: rtcerr.DetailSDPSyntaxError, Err: err}
	if syntax := syntaxError(err); syntax != nil {
		failure.Line = &syntax.Line
	}
	return nil, failure
}

// invalid returns the error for a description whose content is wrong.
//
// webrtc-pc §4.4.1.5: "If the content of description is invalid, then reject p
// with a newly created InvalidAccessError."
func invalid(format string, arguments ...any) error {
	return &rtcerr.InvalidAccessError{Err: fmt.Errorf(format, arguments...)}
}

// section names a section in an error.
func section(i int, m *sdp.Media) string {
	if m.Mid == "" {
		return fmt.Sprintf("section %d (%s, without a mid)", i, m.Kind)
	}
	return fmt.Sprintf("section %d (%s, mid %q)", i, m.Kind, m.Mid)
}

func syntaxError(err error) *sdp.SyntaxError {
	var syntax *sdp.SyntaxError
	if errors.As(err, &syntax) {
		return syntax
	}
	return nil
}
