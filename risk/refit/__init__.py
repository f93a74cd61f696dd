"""Training the population models, apart from any serving process: numpy and scikit-learn live here and in `risk.laboratory` alone.

What comes out is a plain document (`risk.population.artefact`), never a pickle.
"""
