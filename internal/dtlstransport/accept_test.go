package dtlstransport

import (
	"testing"
	"time"
)

// With AcceptAnyCertificate, and with nothing else, a peer whose certificate is
// not the promised one gets through.
func TestAcceptAnyCertificate(t *testing.T) {
	wrong := fingerprint(t, ecdsaCertificate(t))
	for _, tt := range []struct {
		name   string
		accept bool
		remote []Fingerprint
	}{
		{"a wrong fingerprint, accepted", true, []Fingerprint{wrong}},
		{"no fingerprint, accepted", true, nil},
		{"a wrong fingerprint", false, []Fingerprint{wrong}},
	} {
		bubble(t, tt.name, func(t *testing.T) {
			p := newPair(t, rtt/2, func(a, _ *Config) { a.AcceptAnyCertificate = tt.accept })
			p.a.start(Active, tt.remote...)
			p.b.start(Passive, fingerprint(t, p.a.cert))
			if !tt.accept {
				p.a.wantState(StateFailed, time.Second, "the certificate is another's")
				return
			}
			p.wantConnected(time.Second, "any certificate will do")
			p.wantExchange("any certificate will do")
			if err := p.a.Reverify([]Fingerprint{wrong}); err != nil {
				t.Errorf("a renegotiation: %v", err)
			}
		})
	}
}
