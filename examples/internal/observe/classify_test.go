package observe

import (
	"encoding/binary"
	"testing"

	"github.com/pion/stun/v4"
)

// message builds a STUN message.
func message(t testing.TB, typ stun.MessageType, attributes ...stun.Setter) []byte {
	t.Helper()
	m, err := stun.Build(append([]stun.Setter{typ, stun.TransactionID}, attributes...)...)
	if err != nil {
		t.Fatal(err)
	}
	return m.Raw
}

// record makes a DTLS record (RFC 6347 §4.1).
func record(typ byte, epoch uint16, body ...byte) []byte {
	b := []byte{typ, 0xfe, 0xfd}
	b = binary.BigEndian.AppendUint16(b, epoch)
	b = append(b, 0, 0, 0, 0, 0, 1)
	b = binary.BigEndian.AppendUint16(b, uint16(len(body)))
	return append(b, body...)
}

// handshake makes a handshake message of n bytes (RFC 6347 §4.2.2).
func handshake(typ byte, n int) []byte {
	b := make([]byte, dtlsMessageHeader+n)
	b[0], b[3], b[11] = typ, byte(n), byte(n)
	return b
}

func join(parts ...[]byte) []byte {
	var b []byte
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

func TestClassify(t *testing.T) {
	username := stun.NewUsername("B:A")
	useCandidate := stun.RawAttribute{Type: stun.AttrUseCandidate}
	conflict := stun.ErrorCodeAttribute{Code: 487, Reason: []byte("Role Conflict")}
	tests := []struct {
		name     string
		b        []byte
		want     string // "" if it is not told
		class    Class
		nominate bool
	}{
		{"question to a server", message(t, stun.BindingRequest), "who am I?", Request, false},
		{"check", message(t, stun.BindingRequest, username), "check", Request, false},
		{"nomination", message(t, stun.BindingRequest, username, useCandidate), "check, use this pair", Request, true},
		{"answer", message(t, stun.BindingSuccess), "check answered", Success, false},
		{"role conflict", message(t, stun.BindingError, conflict), "check refused: 487 Role Conflict", Failure, false},
		{"refusal without a reason", message(t, stun.BindingError), "check refused", Failure, false},
		{"keepalive", message(t, stun.NewType(stun.MethodBinding, stun.ClassIndication)), "", Other, false},
		{"allocation", message(t, stun.NewType(stun.MethodAllocate, stun.ClassRequest)), "", Other, false},
		{"nothing", nil, "", Other, false},
		{"cut STUN", message(t, stun.BindingRequest)[:19], "", Other, false},
		{"cut RTP", []byte{0x80, 111, 0, 0}, "", Other, false},
		{"RTP", []byte{0x80, 111, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3}, "media", Other, false},
		{"RTP with a marker", []byte{0x90, 0xe0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3}, "media", Other, false},
		{"sender report", []byte{0x80, 200, 0, 6, 0, 0, 0, 3}, "sender report", Other, false},
		{"receiver report", []byte{0x81, 201, 0, 7, 0, 0, 0, 3}, "receiver report", Other, false},
		{"lost picture", []byte{0x81, 206, 0, 2, 0, 0, 0, 3}, "picture lost (PLI)", Other, false},
		{"feedback without a name", []byte{0x9f, 205, 0, 2, 0, 0, 0, 3}, "transport feedback", Other, false},
		{"RTCP without a name", []byte{0x80, 199, 0, 2, 0, 0, 0, 3}, "RTCP type 199", Other, false},
		{"application data", record(23, 1, 1, 2, 3), "", Other, false},
		{"cut record header", record(22, 0)[:12], "", Other, false},
		{"ClientHello", record(22, 0, handshake(1, 40)...), "ClientHello", Other, false},
		{"two messages in a record", record(22, 0, join(handshake(2, 3), handshake(11, 5))...), "ServerHello, Certificate", Other, false},
		{"two records", join(record(20, 0, 1), record(22, 1, make([]byte, 40)...)), "ChangeCipherSpec, Finished", Other, false},
		{"fragments of one message", join(record(22, 0, handshake(11, 9)...), record(22, 0, handshake(11, 9)...)), "Certificate", Other, false},
		{"unknown message", record(22, 0, handshake(99, 1)...), "handshake message 99", Other, false},
		{"alert", record(21, 0, 2, 40), "alert", Other, false},
		{"encrypted alert", record(21, 1, make([]byte, 26)...), "close_notify or another alert", Other, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, ok := Classify(tt.b)
			if ok != (tt.want != "") || m.Description != tt.want || m.Class != tt.class || m.Nominates != tt.nominate {
				t.Errorf("%+v, %v, want %q, class %d", m, ok, tt.want, tt.class)
			}
		})
	}
}

// The header of a media packet is readable, encrypted as the rest is.
func TestClassifyMedia(t *testing.T) {
	m, ok := Classify([]byte{0x90, 0xe0, 0, 1, 0, 0, 0, 2, 0x12, 0x34, 0x56, 0x78})
	if !ok || m.Protocol != SRTP || m.PayloadType != 96 || m.SSRC != 0x12345678 {
		t.Errorf("RTP: %+v, %v", m, ok)
	}
	m, ok = Classify([]byte{0x80, 200, 0, 6, 0x12, 0x34, 0x56, 0x78})
	if !ok || m.Protocol != SRTCP || m.SSRC != 0x12345678 {
		t.Errorf("RTCP: %+v, %v", m, ok)
	}
}

// Whatever passes a socket, looking at it does no harm.
func FuzzClassify(f *testing.F) {
	f.Add(message(f, stun.BindingRequest, stun.NewUsername("B:A")))
	f.Add(record(22, 0, join(handshake(2, 3), handshake(11, 5))...))
	f.Add(join(record(20, 0, 1), record(22, 1, make([]byte, 40)...)))
	f.Add([]byte{0x90, 0xe0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3})
	f.Add([]byte{0x81, 206, 0, 2, 0, 0, 0, 3})
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, ok := Classify(b[:len(b):len(b)]); ok && m.Description == "" {
			t.Errorf("nothing to show for %x", b)
		}
	})
}
