"""Energy and material: amounts, specific consumption, standard coal and carbon dioxide."""
