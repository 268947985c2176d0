package script_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"onrush.dev/onrush/internal/script"
)

func TestWhatALocustfileNeeds(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for name, text := range map[string]string{
		"load/locustfile.py": "import os, helpers as h\nfrom shop import basket, models\nfrom shop.pay import card\n" +
			"from requests import get\nROWS = 'data/users.csv'\nopen(\"../secret.txt\")\nURL = 'http://x.example/a.csv'\n",
		"load/helpers.py":          "from locust import task\nimport deep.one.two\n",
		"load/deep/one/two.py":     "",
		"load/shop/__init__.py":    "from .models import *\n",
		"load/shop/basket.py":      "open('rows.json')\n",
		"load/shop/models.py":      "",
		"load/shop/pay/card.py":    "",
		"load/shop/rows.json":      "[]",
		"load/data/users.csv":      "a\n",
		"load/locust.conf":         "users = 4\n",
		"load/requirements.txt":    "-r more.txt\nfaker\n",
		"load/more.txt":            "six\n",
		"load/unrelated.py":        "",
		"load/data/unrelated.csv":  "a\n",
		"secret.txt":               "not below the script\n",
		"load/unrelated/module.py": "",
	} {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	base, names, err := script.Beside("locust", filepath.Join(root, "load", "locustfile.py"))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"data/users.csv", "deep/one/two.py", "helpers.py", "locust.conf", "locustfile.py", "more.txt", "requirements.txt",
		"shop/__init__.py", "shop/basket.py", "shop/models.py", "shop/pay/card.py", "shop/rows.json",
	}
	if base != filepath.Join(root, "load") || !slices.Equal(names, want) {
		t.Errorf("got %v below %s, want %v", names, base, want)
	}
}
