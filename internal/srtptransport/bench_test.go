package srtptransport

import (
	"encoding/binary"
	"testing"
)

const benchPayload = 1100

func BenchmarkSealRTP(b *testing.B) {
	for _, p := range profiles {
		b.Run(p.String(), func(b *testing.B) {
			x := newPair(b, p, Config{})
			packet := rtpPacket(1, 0, string(make([]byte, benchPayload)))
			b.SetBytes(int64(len(packet)))
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				binary.BigEndian.PutUint16(packet[2:], uint16(i))
				if _, err := x.s.SealRTP(packet); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkOpenRTP(b *testing.B) {
	for _, p := range profiles {
		b.Run(p.String(), func(b *testing.B) {
			x := newPair(b, p, Config{})
			const batch = 1024
			plain := rtpPacket(1, 0, string(make([]byte, benchPayload)))
			room := make([][]byte, batch)
			for i := range room {
				room[i] = withRoom(plain)
			}
			sealed := make([][]byte, batch)
			b.SetBytes(int64(len(plain)))
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if i%batch == 0 {
					b.StopTimer()
					for j := range room {
						binary.BigEndian.PutUint16(room[j][2:], uint16(i+j))
						copy(room[j], plain[:2])
						sealed[j], _ = x.s.SealRTP(room[j])
					}
					b.StartTimer()
				}
				if _, err := x.o.OpenRTP(sealed[i%batch]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkSealRTCP(b *testing.B) {
	x := newPair(b, AEADAES128GCM, Config{})
	packet := rtcpPacket(1, "1234567890123456789012345678901234567890")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := x.s.SealRTCP(packet); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRefuseForged is what a packet costs that somebody made up.
func BenchmarkRefuseForged(b *testing.B) {
	x := newPair(b, AEADAES128GCM, Config{})
	packet := rtpPacket(1, 0, string(make([]byte, benchPayload)))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		binary.BigEndian.PutUint32(packet[8:], uint32(i))
		if _, err := x.o.OpenRTP(packet); err != ErrAuthentication {
			b.Fatal(err)
		}
	}
}
