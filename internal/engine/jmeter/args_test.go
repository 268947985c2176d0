package jmeter

import (
	"strings"
	"testing"
)

func TestPropertiesAsJavaReadsThem(t *testing.T) {
	t.Parallel()
	got := string(propertiesText(map[string]string{
		"plain": "a=b:c#d", "with space": " begins", "a:b=c": `C:\x`, "#no": "!yes", "umlaut": "ü", "emoji": "😀", "lines": "a\nb\t",
	}))
	want := `\#no=\!yes
a\:b\=c=C:\\x
emoji=\ud83d\ude00
lines=a\u000ab\u0009
plain=a=b:c#d
umlaut=\u00fc
with\ space=\ begins
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestPropertiesThatDoNotCountAreTold(t *testing.T) {
	t.Parallel()
	facts := New().facts
	propertyNotes(&facts, map[string]string{"jmeter.save.saveservice.output_format": "xml", "jmeter.save.saveservice.url": "true", "users": "3"})
	if len(facts.Notes) != 1 || !strings.Contains(facts.Notes[0], `output_format is csv`) {
		t.Errorf("got %q", facts.Notes)
	}
}

func TestHeapAndFlagsOfTheScenario(t *testing.T) {
	t.Parallel()
	args := strings.Join(jvmArgs(map[string]string{"HEAP": "-Xms1g -Xmx3g", "JVM_ARGS": "-Dx=y"}, 1), " ")
	if !strings.Contains(args, "-Xms1g -Xmx3g -Dx=y") || strings.Count(args, "-Xmx") != 1 {
		t.Errorf("got %s", args)
	}
	if args := strings.Join(jvmArgs(nil, 2), " "); strings.Count(args, "-Xmx") != 1 {
		t.Errorf("got %s", args)
	}
}

func TestCompareJarsByTheirNames(t *testing.T) {
	t.Parallel()
	for jar, want := range map[string]string{
		"jmeter-plugins-casutg-2.10.jar": "jmeter-plugins-casutg", "a/own.jar": "own", "log4j-1.2-api-2.22.1.jar": "log4j-1.2-api",
		"Saxon-HE-11.6.jar": "Saxon-HE", "jmeter-plugins-tst-2.6-SNAPSHOT.jar": "jmeter-plugins-tst",
	} {
		if got := stem(jar); got != want {
			t.Errorf("%s: got %s, want %s", jar, got, want)
		}
	}
}
