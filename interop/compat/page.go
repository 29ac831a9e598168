package compat

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed behaviour.md
var behaviour string

const intro = `# Compatibility with pion/webrtc

A program for ` + "`github.com/pion/webrtc/v4`" + ` (compared here: %s) becomes one for
this library when its import path changes; ` + "`pion/ice`" + ` and ` + "`pion/datachannel`" + `
become this module's ` + "`ice`" + ` and ` + "`datachannel`" + `, as far as programs use them with
the root package; ` + "`pkg/media`" + ` and its packages move with the root. This page is the result of comparing every exported name,
signature, field, tag and constant. It is written by ` + "`go test ./compat -update`" + `
in ` + "`interop/`" + `, and the test fails while it is out of date.

`

// page writes docs/compatibility.md. The error names what has no reason, and
// the reasons that explain nothing.
func page(version string, all []finding) (string, error) {
	var problems []string
	byArea := make([]map[status][]finding, len(areas))
	usedMissing, usedDiffers := map[int]bool{}, map[int]bool{}
	for _, f := range all {
		a := reasonFor(areas, f.qualified())
		if byArea[a] == nil {
			byArea[a] = map[status][]finding{}
		}
		byArea[a][f.status] = append(byArea[a][f.status], f)
		switch i := 0; f.status {
		case missing:
			if i = reasonFor(missingReasons, f.qualified()); i < 0 {
				problems = append(problems, f.String()+"; reasons.go does not say why")
			}
			usedMissing[i] = true
		case differs:
			if i = reasonFor(differsReasons, f.qualified()); i < 0 {
				problems = append(problems, f.String()+"; reasons.go does not say why")
			}
			usedDiffers[i] = true
		}
	}
	problems = append(problems, unused(missingReasons, usedMissing)...)
	problems = append(problems, unused(differsReasons, usedDiffers)...)
	if problems != nil {
		return "", fmt.Errorf("%s", strings.Join(problems, "\n"))
	}
	var b strings.Builder
	fmt.Fprintf(&b, intro, version)
	table(&b, byArea)
	writeDiffers(&b, all)
	writeMissing(&b, all)
	writeAdded(&b, byArea)
	b.WriteString(behaviour)
	return b.String(), nil
}

func unused(rules []rule, used map[int]bool) (problems []string) {
	for i, r := range rules {
		if !used[i] {
			problems = append(problems, fmt.Sprintf("reasons.go explains %v, where nothing is left to explain", r.names))
		}
	}
	return problems
}

// table counts by area. A type that is missing counts once, whatever it has.
func table(b *strings.Builder, byArea []map[status][]finding) {
	b.WriteString("| area | same | differs | missing | added |\n|---|---:|---:|---:|---:|\n")
	var total [4]int
	row := func(name string, n [4]int) {
		fmt.Fprintf(b, "| %s | %d | %d | %d | %d |\n", name, n[same], n[differs], n[missing], n[added])
	}
	for i, a := range areas {
		var n [4]int
		for s := same; s <= added; s++ {
			n[s] = len(byArea[i][s])
			total[s] += n[s]
		}
		row(a.reason, n)
	}
	row("**all**", total)
	b.WriteString("\nA type that is missing counts once, with all its methods and fields.\n\n")
}

func writeDiffers(b *strings.Builder, all []finding) {
	b.WriteString("## Differs\n\n")
	for i, r := range differsReasons {
		fmt.Fprintf(b, "- %s: %s.\n", list(all, differs, func(f finding) bool { return reasonFor(differsReasons, f.qualified()) == i }), r.reason)
	}
	b.WriteString("\n")
}

func writeMissing(b *strings.Builder, all []finding) {
	b.WriteString("## Missing\n\n")
	for i, r := range missingReasons {
		what := r.families
		if what == "" {
			what = list(all, missing, func(f finding) bool { return reasonFor(missingReasons, f.qualified()) == i })
		}
		fmt.Fprintf(b, "- %s %s.\n", what, r.reason)
	}
	b.WriteString("\n")
}

func writeAdded(b *strings.Builder, byArea []map[status][]finding) {
	b.WriteString("## Added\n\n")
	for i, a := range areas {
		if text := list(byArea[i][added], added, func(finding) bool { return true }); text != "" {
			fmt.Fprintf(b, "- %s: %s\n", a.reason, text)
		}
	}
	b.WriteString("\n")
}

// list names the findings of one status that are wanted; members of one type
// and families of names with one beginning stand together.
func list(all []finding, s status, want func(finding) bool) string {
	var groups []string
	members := map[string][]string{}
	whole := map[string]bool{} // types that are listed themselves
	for _, f := range all {
		if f.status != s || !want(f) {
			continue
		}
		typ, member, ok := strings.Cut(f.name, ".")
		if f.room != "webrtc" {
			typ = f.room + "." + typ
		}
		if _, seen := members[typ]; !seen {
			groups = append(groups, typ)
			members[typ] = nil
		}
		if ok {
			members[typ] = append(members[typ], member)
		} else {
			whole[typ] = true
		}
	}
	out := make([]string, len(groups))
	for i, g := range groups {
		out[i] = "`" + g + "`"
		switch m := members[g]; len(m) {
		case 0:
		case 1:
			out[i] = "`" + g + "." + m[0] + "`"
		default:
			out[i] = "`" + g + ".{" + strings.Join(m, ", ") + "}`"
		}
		if whole[g] && len(members[g]) > 0 {
			out[i] = "`" + g + "`, " + out[i]
		}
	}
	return strings.Join(out, ", ")
}
